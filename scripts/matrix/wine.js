'use strict';
// Wine 10, which Debian has from release 13 on: some of its packages, unpacked into a folder that programs are run in as
// their root. Nothing is installed on this machine.
const { execFileSync } = require('node:child_process');
const { mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { cache, cached } = require('./cache.js');

const release = 'trixie';
// What the kernel32 and ws2_32 of Wine need. Not FreeType: with it and without fonts Wine's desktop does not come up.
const packages = ['wine64', 'libwine', 'libz-mingw-w64', 'libc6', 'libgcc-s1', 'libunwind8', 'liblzma5'];
const wine = '/usr/lib/wine/wine64';
const environment = {
  HOME: '/root',
  PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
  WINEPREFIX: '/root/prefix',
  WINESERVER: '/usr/lib/wine/wineserver64',
  WINEDEBUG: '-all',
  WINEDLLOVERRIDES: 'mscoree,mshtml=;winemenubuilder.exe=d',
};

/** @param {string} cwd @param {readonly string[]} command its standard output is left out */
function run(cwd, [file = '', ...args]) {
  execFileSync(file, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Where this machine gets Debian's packages. */
function mirror() {
  const format = ['--format', '$(REPO_URI)'];
  const uris = execFileSync('apt-get', ['indextargets', ...format, 'Created-By: Packages', 'Label: Debian']);
  const [uri = ''] = String(uris).split('\n');
  if (uri === '') throw new Error('Wine comes from Debian, and apt knows no mirror of it here (apt-get update?)');
  return uri;
}

/** @param {string} folder */
function download(folder) {
  const file = path.join(folder, 'sources.list');
  writeFileSync(file, `deb ${mirror()} ${release} main\n`);
  for (const name of ['lists/partial', 'cache/archives/partial'])
    mkdirSync(path.join(folder, name), { recursive: true });
  writeFileSync(path.join(folder, 'status'), '');
  const options = [
    ...[`Dir::Etc::SourceList=${file}`, 'Dir::Etc::SourceParts=/dev/null', `Dir::State::Lists=${folder}/lists`],
    ...[`Dir::State::Status=${folder}/status`, `Dir::Cache=${folder}/cache`, 'APT::Sandbox::User=root'],
    ...['Acquire::Languages=none', 'APT::Architecture=amd64', 'APT::Architectures=amd64', 'Debug::NoLocking=1'],
  ].flatMap((option) => ['-o', option]);
  run(folder, ['apt-get', ...options, '--quiet=2', 'update']);
  run(folder, ['apt-get', ...options, '--quiet=2', 'download', ...packages]);
}

/** @param {string} root */
function unpack(root) {
  const folder = path.join(root, 'packages');
  mkdirSync(folder);
  download(folder);
  for (const name of readdirSync(folder)) {
    if (name.endsWith('.deb')) run(folder, ['dpkg-deb', '--extract', name, root]);
  }
  for (const name of ['bin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, path.join(root, name));
  for (const name of ['dev', 'mnt', 'proc', 'root', 'srv', 'tmp'])
    mkdirSync(path.join(root, name), { recursive: true });
  markZlib(root);
}

/** As libwine's installation does: MinGW's zlib, marked as one of Wine's own libraries. @param {string} root */
function markZlib(root) {
  const library = readFileSync(path.join(root, 'usr/x86_64-w64-mingw32/lib/zlib1.dll'));
  library.fill(0, 64, 96).write('Wine builtin DLL', 64);
  writeFileSync(path.join(root, 'usr/lib/x86_64-linux-gnu/wine/x86_64-windows/zlib1.dll'), library);
}

// Namespaces: the mounts go with the program, and so does Wine's server, which holds the sockets: it must be started in
// the network that a test cuts. Programs find it in /tmp: with one of its own, each has its own server.
const enter = `
set -e
root=$1 package=$2 runtimes=$3
shift 3
mount --bind "$package" "$root/mnt"
mount --bind "$runtimes" "$root/srv"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/tmp"
mount -t proc proc "$root/proc"
run() { unshare --root="$root" --wd=/mnt "$@"; }
`;

/** @param {string} script @param {readonly string[]} args of {@link enter} */
function inRoot(script, ...args) {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  return [
    ...['env', '-i', ...variables, 'unshare', ...user, '--mount', '--propagation=private', '--pid', '--fork'],
    ...['--kill-child', 'sh', '-c', `${enter}${script}`, 'wine', ...args],
  ];
}

/** @param {string} root */
function makePrefix(root) {
  const wait = `run ${environment.WINESERVER} -w`;
  const setUp = `for step in 'wineboot --init' 'winecfg -v win10'; do run ${wine} $step; ${wait}; done 2> "$root/setup.log"`;
  run(root, ['timeout', '120', ...inRoot(setUp, root, cache, cache)]);
}

/** What a program of these runtimes is called with, in the package's folder. @param {string} runtimes @param {string} stranger */
exports.windowsCommand = (runtimes, stranger) => {
  const recipe = JSON.stringify([release, packages, environment]);
  const root = cached('wine', recipe, (root) => {
    unpack(root);
    makePrefix(root);
  });
  return inRoot(`run ${wine} "$@"`, root, stranger, runtimes);
};
