'use strict';
// The guests' kernels: Debian's sources of Linux 6.1, built for each clock rate and kept in .cache/kernels.
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
/** @param {string} cwd @param {readonly string[]} command */
async function run(cwd, [file = '', ...args]) {
  const [status] = await once(spawn(file, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] }), 'close');
  if (status !== 0) throw new Error(`${file} ${args.join(' ')}: ${status}`);
}

const cache = path.join(__dirname, '..', '..', '..', '.cache', 'kernels');
const sourcePackage = 'linux-source-6.1';
const fragment = path.join(__dirname, 'guest.config');

exports.cache = cache;

/**
 * The kernels' images by their clock rate. The sources are there only while something is built.
 * @param {readonly number[]} rates
 * @returns {Promise<Map<number, string>>}
 */
exports.buildKernels = async (rates) => {
  mkdirSync(cache, { recursive: true });
  const images = new Map(rates.map((rate) => [rate, path.join(cache, `linux-${rate}`)]));
  const missing = [...images].filter(([rate, image]) => !isBuilt(image, configuration(rate)));
  if (missing.length === 0) return images;
  const unpacked = await unpackSources();
  for (const [rate, image] of missing) await build(unpacked, configuration(rate), image);
  rmSync(path.dirname(unpacked), { recursive: true });
  return images;
};

/** @param {number} rate */
function configuration(rate) {
  return `${readFileSync(fragment, 'utf8')}\nCONFIG_HZ_${rate}=y\n`;
}

/** @param {string} image @param {string} wanted */
function isBuilt(image, wanted) {
  return existsSync(image) && existsSync(`${image}.config`) && readFileSync(`${image}.config`, 'utf8') === wanted;
}

async function unpackSources() {
  const folder = path.join(cache, 'sources');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await run(folder, ['apt-get', 'download', '--quiet', '--quiet', '--option=APT::Sandbox::User=root', sourcePackage]);
  const [archive = ''] = readdirSync(folder).filter((name) => name.endsWith('.deb'));
  await run(folder, ['dpkg-deb', '--extract', archive, 'package']);
  await run(folder, ['tar', '--extract', '--file', `package/usr/src/${sourcePackage}.tar.xz`]);
  return path.join(folder, sourcePackage);
}

/** @param {string} sources @param {string} wanted @param {string} image */
async function build(sources, wanted, image) {
  const start = Date.now();
  const part = path.join(sources, 'guest.config');
  writeFileSync(part, wanted);
  const make = ['nice', '-n', '10', 'make', '--silent', `--jobs=${os.availableParallelism()}`];
  await run(sources, [...make, 'tinyconfig']);
  await run(sources, ['scripts/kconfig/merge_config.sh', '-m', '.config', part]);
  await run(sources, [...make, 'olddefconfig']);
  await run(sources, [...make, 'bzImage']);
  copyFileSync(path.join(sources, 'arch', 'x86', 'boot', 'bzImage'), image);
  writeFileSync(`${image}.config`, wanted);
  console.log(`# built ${path.basename(image)} in ${Math.round((Date.now() - start) / 1000)} s`);
}
