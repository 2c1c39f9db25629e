import t from 'tap';
import { keepaliveSupport } from 'tcp-keepalive';

void t.test('what Linux offers', { skip: process.platform !== 'linux' && 'Linux' }, async (t) => {
  t.match(keepaliveSupport, { userTimeout: true, tcpInfo: true, listenerInheritance: true });
  t.ok(Object.isFrozen(keepaliveSupport) && Object.isFrozen(keepaliveSupport.limits));
});
