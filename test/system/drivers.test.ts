// The drivers of databases and brokers against real servers whose path is cut and mended: under the register, by one rule, by
// their own option for a socket, and with nothing. Runs again inside a private network namespace.
import path from 'node:path';
import t, { type Test } from 'tap';
import { defineProfile, detectionTime } from 'tcp-keepalive';
import { within } from '../../examples/lib/deadline.js';
import { connectPeerNamespace } from '../support/network-namespace.js';
import { heldBy } from '../support/oracle';
import { Output, type PipedProcess } from '../support/output';
import { inNamespace } from '../support/rerun';
import { spawn } from 'node:child_process';
import { missingDatabase, ports, startDatabases } from './drivers/databases';
import { byOwnOption, drivers, socketsAlone } from './drivers/drivers.js';

const profile = defineProfile({ initialDelay: 1_000, interval: 1_000, count: 3, userTimeout: 'match' });
const { idle: promised } = detectionTime(profile);
/** What a verdict may take beyond its time before the test calls it late: these machines are shared. */
const room = 4_000;
const slowMachine = 60_000;

const missing = missingDatabase();
if (missing !== false && process.env['CI'] === undefined) t.plan(0, missing);
else inNamespace(__filename, () => void t.test('queries and subscribers whose path is cut', cutAndMend));

async function cutAndMend(t: Test): Promise<void> {
  const network = await connectPeerNamespace();
  t.teardown(() => network.close());
  await startDatabases(t, network);
  const file = path.join(__dirname, 'drivers', 'servers.js');
  const servers = network.spawn(process.execPath, [file, '0.0.0.0'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const printed = new Output(t, servers as PipedProcess);
  const portOf = async (name: string) => Number((await printed.lines(new RegExp(`^${name} (.*)`)))[0]);
  const allPorts = { ...ports, grpc: await portOf('grpc'), silent: await portOf('silent') };

  const program = (way: string, ...options: string[]) => {
    const file = path.join(__dirname, 'drivers', 'program.js');
    const args = [way, network.peerAddress, JSON.stringify(allPorts), JSON.stringify(profile)];
    const env = { ...process.env, TCP_KEEPALIVE_CONNECTIONS: '1s/1s/3' };
    const child = spawn(process.execPath, [...options, file, ...args], { env, stdio: ['pipe', 'pipe', 'inherit'] });
    return { way, output: new Output(t, child) };
  };
  const untouched = program('nothing');
  const tuned = [program('register', '--import', 'tcp-keepalive/register'), program('rule'), program('option')];
  const namesOf = (way: string) => Object.keys(way === 'option' ? byOwnOption(profile) : drivers);

  const connectionsOf = (way: string) => [...namesOf(way), ...(way === 'option' ? [] : Object.keys(socketsAlone))];

  for (const { way, output } of [untouched, ...tuned]) {
    await within(slowMachine, `${way} connects`, output.lines(/^(ready)/));
    for (const line of await output.lines(/^holds (.*)/, connectionsOf(way).length)) {
      const [name, sockets] = JSON.parse(line) as [string, number[][]];
      t.ok(sockets.length > 0, `${way}: ${name} is connected`);
      for (const holds of sockets) {
        if (way === 'nothing') t.notSame(holds, heldBy(profile), `${way}: ${name}`);
        else t.strictSame(holds, heldBy(profile), `${way}: ${name}, as the kernel says`);
      }
    }
  }

  network.cut();
  const cutAt = performance.now();
  for (const { way, output } of tuned) {
    const names = namesOf(way);
    const left = promised + room - (performance.now() - cutAt);
    const lost = within(left, `${way}: all of ${names.join('; ')}`, output.lines(/^lost (.*)/, names.length));
    t.strictSame(
      (await lost).sort(),
      names.sort(),
      `${way}: lost ${Math.round(performance.now() - cutAt)} ms after the cut`,
    );
  }
  untouched.output.child.stdin.write('end\n');
  t.strictSame(untouched.output.seen(/^lost (.*)/), [], 'with nothing they all still wait');

  network.mend();
  for (const { way, output } of tuned) {
    output.child.stdin.write('mended\n');
    const again = within(slowMachine, `${way}: answers again`, output.lines(/^again (.*)/, namesOf(way).length));
    t.strictSame((await again).sort(), namesOf(way).sort(), `${way}: each asks again over the mended path`);
  }
}
