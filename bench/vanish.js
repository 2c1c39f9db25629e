'use strict';
// node bench/vanish.js: what a server believes after its phones vanished, recorded (vanish.json) and drawn (vanish.svg).
// --duration SECONDS, of 17 minutes; --draw: only draws the record again.
const { readFileSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const prettier = require('prettier');
const { isIsolated } = require('../test/support/network-namespace.js');
const { runIsolated } = require('./lib/isolated.js');
const { drawVanishing } = require('./lib/vanish-picture.js');
const { watchThemVanish } = require('./lib/vanish-run.js');

const record = path.join(__dirname, 'vanish.json');
const picture = path.join(__dirname, 'vanish.svg');

const { values } = parseArgs({
  options: { duration: { type: 'string', default: '1020' }, draw: { type: 'boolean', default: false } },
});

async function measure() {
  const duration = Number(values.duration);
  if (!(duration >= 60)) throw new RangeError(`--duration ${values.duration} is not a number of seconds from 60`);
  const measured = await watchThemVanish({ duration, phones: 100 });
  const options = { ...(await prettier.resolveConfig(record)), filepath: record };
  writeFileSync(record, await prettier.format(JSON.stringify(measured, null, 2), options));
}

async function main() {
  if (!values.draw && !isIsolated) return runIsolated();
  if (!values.draw) await measure();
  writeFileSync(picture, drawVanishing(JSON.parse(readFileSync(record, 'utf8'))));
  return 0;
}

main().then((code) => (process.exitCode = code));
