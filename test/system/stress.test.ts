// The short form of `npm run stress`: it fails by itself.
import { spawnSync } from 'node:child_process';
import t from 'tap';

const skip = process.platform === 'linux' ? false : 'Linux';

void t.test('every call on sockets that come and go meanwhile', { skip }, async (t) => {
  const program = require.resolve('./stress/run.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, '--short'], { encoding: 'utf8' });
  for (const line of stdout.trim().split('\n')) t.comment(line);
  t.equal(status, 0, stderr);
});
