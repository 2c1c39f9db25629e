// Every js block of the README is a program that runs: as a module of its own against the built package.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';

const root = path.join(__dirname, '..', '..');
const scope = pathToFileURL(path.join(__dirname, 'readme', 'scope.mjs')).href;
const blocks = [...readFileSync(path.join(root, 'README.md'), 'utf8').matchAll(/^```js\n(.*?)^```/gms)];

void t.test('every js block of the README runs', async (t) => {
  t.ok(blocks.length >= 4, `${blocks.length} blocks`);
  for (const [index, [, code = '']] of blocks.entries()) {
    const file = path.join(t.testdir({ 'block.mjs': `${code}\nprocess.exit();\n` }), 'block.mjs');
    const { status, stderr } = spawnSync(process.execPath, ['--import', scope, file], { encoding: 'utf8' });
    t.equal(status, 0, `${index + 1}: ${/^(?!import)\S.*/m.exec(code)?.[0]} ${stderr}`);
  }
});
