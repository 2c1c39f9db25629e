'use strict';
// node bench/vanish.js: what a server believes after its phones vanished, recorded (vanish.json) and drawn (vanish.svg).
// --duration SECONDS, of 17 minutes; --draw: only draws the record again.
const { spawnSync } = require('node:child_process');
const { readFileSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const prettier = require('prettier');
const { isIsolated, isolation } = require('../test/support/network-namespace.js');
const { drawVanishing } = require('./lib/vanish-picture.js');
const { watchThemVanish } = require('./lib/vanish-run.js');

const record = path.join(__dirname, 'vanish.json');
const picture = path.join(__dirname, 'vanish.svg');

const { values } = parseArgs({
  options: { duration: { type: 'string', default: '1020' }, draw: { type: 'boolean', default: false } },
});

/** In a network namespace, or why there is none. */
function isolate() {
  const way = isolation();
  if ('reason' in way) throw new Error(`bench/vanish.js needs a network namespace: ${way.reason}`);
  const [file = '', ...args] = way.command;
  const { status } = spawnSync(file, [...args, process.execPath, ...process.argv.slice(1)], {
    env: way.env,
    stdio: 'inherit',
  });
  return status ?? 1;
}

async function measure() {
  const duration = Number(values.duration);
  if (!(duration >= 60)) throw new RangeError(`--duration ${values.duration} is not a number of seconds from 60`);
  const measured = await watchThemVanish({ duration, phones: 100 });
  const options = { ...(await prettier.resolveConfig(record)), filepath: record };
  writeFileSync(record, await prettier.format(JSON.stringify(measured, null, 2), options));
}

async function main() {
  if (!values.draw && !isIsolated) return isolate();
  if (!values.draw) await measure();
  writeFileSync(picture, drawVanishing(JSON.parse(readFileSync(record, 'utf8'))));
  return 0;
}

main().then((code) => (process.exitCode = code));
