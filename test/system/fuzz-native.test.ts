// Some seconds of the native fuzzer (test/system/fuzz/): what holds it says itself.
import { spawnSync } from 'node:child_process';
import t from 'tap';

const clang = spawnSync('clang++', ['--version']).error === undefined;
const reason = process.platform === 'linux' ? !clang && 'clang++ is not installed' : 'Linux';
const skip = process.env['CI'] !== undefined && process.platform === 'linux' ? false : reason;

void t.test('the native fuzzer finds nothing in four seconds', { skip }, async (t) => {
  const args = [require.resolve('./fuzz/run.js'), '--native', '--seconds', '4'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  for (const line of stderr.match(/INFO: Seed: .*|Done .*/g) ?? []) t.comment(line);
  t.equal(status, 0, status === 0 ? stdout : stderr.slice(-10_000));
});
