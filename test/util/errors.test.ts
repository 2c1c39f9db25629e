import { constants } from 'node:os';
import t from 'tap';
import { systemErrorText } from '../../dist/util/errors.js';

void t.test('the name and the description of an error number, known or unknown', async (t) => {
  t.strictSame(systemErrorText(-constants.errno.EINVAL), { name: 'EINVAL', text: 'invalid argument' });
  t.strictSame(systemErrorText(-9_999), { name: 'error -9999', text: 'the system gives no description' });
});
