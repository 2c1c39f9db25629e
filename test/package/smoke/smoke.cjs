'use strict';
// What must work wherever the package loads: Node, Bun, Deno, and Node under Wine. No dependencies: this folder can be
// copied and run alone.
//
//   RUNTIME smoke.cjs [PACKAGE] [--refuses | --silent-peer [--cut=COMMAND]]
//
// PACKAGE: a path; default: 'tcp-keepalive' as seen from the current folder. One line for each check:
// "ok|not ok|unsupported NAME (DETAIL)". "unsupported" is a typed refusal: this runtime or system cannot do it and says so.
//
// --permitted: what works in Deno with no other permissions than those that the README names and --allow-net.
//
// --refuses: in a runtime that can apply nothing, says so by ERR_KEEPALIVE_UNSUPPORTED, and does no harm.
//
// --silent-peer: in a network namespace of its own. Prints "ready" when the link is to be cut, by COMMAND or by whoever
// started this, and waits for the error. Before that "holds LOCAL_PORT:REMOTE_PORT SETTINGS" for what can be asked of the
// kernel by others, in the order and the units of socket-options.py, and then "held".
const { isMainThread } = require('node:worker_threads');
const { has, isBun, isDeno } = require('./lib/arguments.cjs');
const { failures, say } = require('./lib/check.cjs');
const agents = require('./checks/agents.cjs');
const { permitted, startPermitted } = require('./checks/deno-permissions.cjs');
const descriptors = require('./checks/descriptors.cjs');
const moments = require('./checks/moments.cjs');
const { isReachable, refuses } = require('./checks/no-descriptors.cjs');
const servers = require('./checks/servers.cjs');
const silence = require('./checks/silence.cjs');
const silentPeer = require('./checks/silent-peer.cjs');
const sockets = require('./checks/sockets.cjs');
const secure = require('./checks/tls.cjs');
const worker = require('./checks/worker.cjs');

const everywhere = [sockets, silence, moments, secure, servers, agents, descriptors];

async function main() {
  const { bun, deno } = process.versions;
  const name = isBun ? `Bun ${bun}` : isDeno ? `Deno ${deno}` : process.version;
  say(`# ${name} ${process.platform}-${process.arch}`);
  if (has('--silent-peer')) return silentPeer();
  if (has('--permitted')) return permitted();
  if (has('--refuses')) return refuses();
  if (!(await isReachable())) return;
  for (const checks of everywhere) await checks();
  if (!isMainThread) return;
  await worker();
  if (isDeno) await startPermitted();
}

main().then(
  () => {
    const failed = failures();
    if (isMainThread) say(failed === 0 ? '# all ok' : `# ${failed} not ok`);
    process.exitCode = failed === 0 ? 0 : 1;
    // A runtime that keeps something of its own open must not hang the matrix.
    setTimeout(() => process.exit(), 3_000).unref();
  },
  (error) => {
    say(`not ok ${error.stack}`);
    process.exitCode = 1;
  },
);
