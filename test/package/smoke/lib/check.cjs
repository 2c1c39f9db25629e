'use strict';
// One check after the other: a line for each, and what it has opened is closed with it.
const net = require('node:net');
const { setTimeout: sleep } = require('node:timers/promises');
const { isMainThread, parentPort } = require('node:worker_threads');

/** @type {(() => void)[]} */
const closers = [];
let failed = 0;

exports.failures = () => failed;

/** @param {string} line */
function say(line) {
  if (isMainThread) console.log(line);
  else parentPort?.postMessage(line);
}

exports.say = say;

/** @param {string} name @param {() => unknown} run what it returns is the detail */
exports.check = async function check(name, run) {
  let outcome = 'ok';
  /** @type {unknown} */
  let detail;
  const late = new AbortController();
  try {
    const deadline = sleep(30_000, undefined, { signal: late.signal }).then(
      () => Promise.reject(new Error('30 s are over')),
      () => undefined,
    );
    detail = await Promise.race([run(), deadline]);
  } catch (error) {
    const { code, message, stack } = /** @type {NodeJS.ErrnoException} */ (error);
    outcome = code === 'ERR_KEEPALIVE_UNSUPPORTED' ? 'unsupported' : 'not ok';
    detail = outcome === 'not ok' ? String(stack).split('\n').slice(0, 4).join(' | ') : message;
    if (outcome === 'not ok') failed += 1;
  } finally {
    late.abort();
    // TLS before what is below it: the other way round, in one turn with 'secureConnect', crashes Node 20 to 26.
    for (const close of closers.splice(0).reverse()) close();
  }
  say(`${outcome} ${name}${detail === undefined ? '' : ` (${detail})`}`);
};

/** Runs at the end of the check. @param {() => void} close */
exports.atTheEnd = (close) => void closers.push(close);

/** Closes it at the end of the check. @template {net.Socket | net.Server} T @param {T} opened @returns {T} */
exports.own = function own(opened) {
  opened.on('error', () => undefined);
  closers.push(() => void (opened instanceof net.Socket ? opened.destroy() : opened.close()));
  return opened;
};

/** @param {() => unknown} run */
exports.codeOf = function codeOf(run) {
  try {
    run();
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code;
  }
  return 'no error';
};
