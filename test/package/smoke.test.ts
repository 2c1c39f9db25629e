// What the matrix runs in every runtime, in this one.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';

const smoke = path.join(__dirname, 'smoke', 'smoke.cjs');
const root = path.join(__dirname, '..', '..');

void t.test('every check of the smoke script passes', async (t) => {
  const { stdout } = await promisify(execFile)(process.execPath, [smoke, root]);
  const lines = stdout.trim().split('\n').slice(1, -1);
  t.ok(lines.length > 20);
  t.strictSame(
    lines.filter((line) => !line.startsWith('ok ')),
    [],
  );
});
