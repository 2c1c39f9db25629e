import { constants } from 'node:os';
import { inspect } from 'node:util';
import t from 'tap';
import { KeepaliveError, defineProfile } from 'tcp-keepalive';
import { systemErrorText } from '../../dist/util/errors.js';
import { ended } from '../support/application';

void t.test('the name and the description of an error number, known or unknown', async (t) => {
  t.strictSame(systemErrorText(-constants.errno.EINVAL), { name: 'EINVAL', text: 'invalid argument' });
  t.strictSame(systemErrorText(-9_999), { name: 'error -9999', text: 'the system gives no description' });
});

void t.test('a KeepaliveError prints its remedy once', async (t) => {
  const times = (text: string, part: string) => text.split(part).length - 1;
  try {
    defineProfile({ initialDelay: 30, interval: 5_000, count: 3 });
  } catch (error) {
    t.equal(times(inspect(error), 'did you mean 30000?'), 1);
  }
  const cause = new Error('below');
  t.equal(times(inspect(new KeepaliveError('ERR_KEEPALIVE_ADDON', 'do this', { cause })), 'do this'), 1);
  const program = `require('tcp-keepalive').defineProfile({ initialDelay: 30, interval: 5000, count: 3 })`;
  const { stderr } = await ended(process.execPath, ['-e', program], __dirname);
  t.equal(times(stderr, 'did you mean 30000?'), 1, 'not caught');
});
