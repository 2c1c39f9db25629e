// examples/presence-server.js with a phone that vanishes. Runs again inside a private network namespace.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { defineProfile } from 'tcp-keepalive';
import { start } from '../../examples/presence-server.js';
import { connectPeerNamespace } from '../support/network-namespace.js';
import { inNamespace } from '../support/rerun';

const profile = defineProfile({ initialDelay: 1_000, interval: 1_000, count: 4, userTimeout: 'match' });
const deadline = 15_000;

inNamespace(__filename, () => void t.test('presence and metrics', presence));

async function presence(t: Test): Promise<void> {
  const printed = t.capture(console, 'log');
  const network = await connectPeerNamespace();
  const { server, monitor } = start(profile, { silentAfter: 2_500, checkEvery: 100 }, 0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const phone = network.spawn(process.execPath, [
    '-e',
    `require('http').get('http://${network.address}:${port}/events/phone-1', (response) => response.resume())`,
  ]);
  t.teardown(async () => {
    phone.kill('SIGKILL');
    server.close();
    server.closeAllConnections();
    await network.close();
  });
  const get = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  const ask = async (id: string) => JSON.parse(await get(`/presence/${id}`)) as Record<string, unknown>;
  const event = (name: string) => once(monitor, name, { signal: AbortSignal.timeout(deadline) });

  t.strictSame(await ask('phone-1'), { online: false });
  while (monitor.snapshot().connections === 0) await new Promise((resolve) => setTimeout(resolve, 50));
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const idle = await ask('phone-1');
  t.match(idle, { online: true, silent: false });
  t.ok((idle['lastHeard'] as number) < 2_500, `it answers probes: ${String(idle['lastHeard'])} ms ago`);
  t.match(await get('/metrics'), /^push_connections\{state="heard"\} 1$/m);

  network.cut();
  const gone = event('gone');
  await event('silent');
  t.match(await ask('phone-1'), { online: true, silent: true });
  const metrics = await get('/metrics');
  t.match(metrics, /^push_connections\{state="silent"\} 1$/m);
  t.match(metrics, /^push_connections_last_heard_ms\{le="1000"\} 0$/m);
  t.match(metrics, /^push_connections_last_heard_ms\{le="5000"\} 1$/m);
  t.match(metrics, /^push_connections_last_heard_ms\{le="\+Inf"\} 1$/m);

  await gone;
  t.strictSame(await ask('phone-1'), { online: false });
  t.match(await get('/metrics'), /^push_connections_gone_total\{reason="timed-out"\} 1$/m);
  t.strictSame(
    printed().map(({ args }) => args.join(' ')),
    ['phone-1 is gone: timed-out'],
  );
  t.equal((await get('/nothing')).length, 0);
}
