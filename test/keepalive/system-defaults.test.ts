// A machine whose own defaults are beyond what one socket can be given, as some administrators set them.
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import t from 'tap';
import { applyKeepaliveToServer, readKeepalive, readSystemKeepalive } from 'tcp-keepalive';
import { held, heldBy } from '../support/oracle';
import { profile } from '../support/profiles';
import { inNamespace } from '../support/rerun';
import { listening } from '../support/sockets';

inNamespace(__filename, define);

function define(): void {
  void t.test('a server is restored as far as the kernel allows', async (t) => {
    const defaults = { time: 86_400, intvl: 40_000, probes: 200 };
    for (const [name, value] of Object.entries(defaults)) {
      writeFileSync(`/proc/sys/net/ipv4/tcp_keepalive_${name}`, String(value));
    }
    const own = { enabled: false, initialDelay: 86_400_000, interval: 40_000_000, count: 200, userTimeout: 0 };
    t.strictSame(readSystemKeepalive(), own);
    const server = createServer();
    await listening(t, server, { host: undefined });
    t.strictSame(readKeepalive(server), own);
    const tuned = applyKeepaliveToServer(server, profile);
    t.strictSame(held(server), heldBy(profile));
    tuned.stop();
    t.strictSame(held(server), [0, 32_767, 32_767, 127, 0], 'off, and the longest times');
  });
}
