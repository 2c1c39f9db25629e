// The short form of `npm run soak`: it says itself what holds.
import { spawnSync } from 'node:child_process';
import t from 'tap';
import { isolation } from '../support/network-namespace.js';

const way = isolation();
const reason = 'reason' in way ? way.reason : false;

void t.test('the soak, for half a minute', { skip: process.env['CI'] === undefined && reason }, async (t) => {
  const program = require.resolve('./soak/run.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, '--short'], { encoding: 'utf8' });
  for (const line of stdout.trim().split('\n')) t.comment(line);
  t.equal(status, 0, stderr);
});
