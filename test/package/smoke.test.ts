// What the matrix runs in every runtime, in this one: the folder has to run alone, so it runs as a copy.
import { execFile } from 'node:child_process';
import { cpSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';

const root = path.join(__dirname, '..', '..');

void t.test('every check of the smoke script passes', async (t) => {
  const copy = t.testdir({});
  cpSync(path.join(__dirname, 'smoke'), copy, { recursive: true });
  const { stdout } = await promisify(execFile)(process.execPath, [path.join(copy, 'smoke.cjs'), root]);
  const lines = stdout.trim().split('\n').slice(1, -1);
  t.ok(lines.length > 20);
  t.strictSame(
    lines.filter((line) => !line.startsWith('ok ')),
    [],
  );
});
