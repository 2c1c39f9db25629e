'use strict';
// A process under test: a script of this folder that answers messages.
const { fork } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');

/** @typedef {ReturnType<typeof startChild>} Child */

/** @param {string} script @param {import('node:child_process').ForkOptions & { arguments?: readonly string[] }} [options] */
function startChild(script, options) {
  const child = fork(path.join(__dirname, script), options?.arguments ?? [], options);
  child.on('exit', (code, signal) => {
    if (code !== 0) throw new Error(`bench/lib/${script} ended with ${code ?? signal}`);
  });
  /** @returns {Promise<any>} */
  const answer = async () => (await once(child, 'message'))[0];
  return {
    stdin: child.stdin,
    answer,
    /** @param {object} message */
    ask: (message) => {
      child.send(message);
      return answer();
    },
    stop: async () => {
      child.disconnect();
      await once(child, 'exit');
    },
  };
}

module.exports = { startChild };
