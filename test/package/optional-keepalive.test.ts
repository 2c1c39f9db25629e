// examples/optional-keepalive.ts, as a library has it: with the package, with the package but no binary, without the package.
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import t from 'tap';
import ts from 'typescript';
import { keepAlive } from '../../examples/optional-keepalive';
import { application, ended } from '../support/application';
import { held, heldBy } from '../support/oracle';
import { listening, owned, tcpPair, unixPair } from '../support/sockets';

const options = { initialDelay: 33_000, interval: 7_000, count: 5 };
const example = path.join(__dirname, '..', '..', 'examples', 'optional-keepalive.ts');
const takesTiming = net.Socket.prototype.setKeepAlive.length >= 4;

void t.test('with the package: all of the profile', async (t) => {
  const { client, accepted } = await tcpPair(t);
  for (const socket of [client, accepted]) {
    t.equal(keepAlive(socket, options), 'profile');
    t.strictSame(held(socket), heldBy({ ...options, userTimeout: 'match' }));
  }
  const later = owned(t, net.connect(await listening(t, net.createServer()), '127.0.0.1'));
  t.equal(keepAlive(later, options), 'profile');
  await once(later, 'connect');
  t.strictSame(held(later), heldBy({ ...options, userTimeout: 'match' }));
  t.equal(keepAlive((await unixPair(t)).client, options), 'nothing');
  t.throws(
    () => keepAlive(client, { ...options, count: 0 }),
    { code: 'ERR_KEEPALIVE_PROFILE' },
    'mistakes are not hidden',
  );
});

const program = `
  const { keepAlive } = require('./library.js');
  const { held } = require(${JSON.stringify(require.resolve('../support/oracle.js'))});
  const net = require('node:net');
  const server = net.createServer().listen(0, '127.0.0.1', () => {
    const client = net.connect(server.address().port, '127.0.0.1');
    const outcome = keepAlive(client, ${JSON.stringify(options)});
    client.on('connect', () => {
      console.log(JSON.stringify({ outcome, held: held(client) }));
      process.exit();
    });
  });`;

for (const [name, isInstalled] of [
  ['with the package, but no binary', true],
  ['without the package', false],
] as const) {
  void t.test(`${name}: what this Node can do`, async (t) => {
    const { folder, installed } = application(t, { 'app.js': program }, { prebuilds: false });
    const { outputText } = ts.transpileModule(readFileSync(example, 'utf8'), {
      compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
    });
    writeFileSync(path.join(folder, 'library.js'), outputText);
    if (!isInstalled) rmSync(installed, { recursive: true });
    const { stdout, stderr } = await ended(process.execPath, [path.join(folder, 'app.js')]);
    t.equal(stderr, '');
    // Node alone sets 1 s and 10 where it takes no timing.
    const expected = takesTiming ? heldBy(options) : [1, 33, 1, 10, 0];
    t.strictSame(JSON.parse(stdout), { outcome: takesTiming ? 'timing' : 'initialDelay', held: expected });
  });
}
