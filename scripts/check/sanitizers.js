'use strict';
// `npm run check -- sanitizers [--short | test/x.test.ts ...]`: the tests with the addon, and the test addons, compiled with
// AddressSanitizer (LeakSanitizer with it) and UndefinedBehaviorSanitizer, whose runtime is preloaded into every process
// that the tests start. Node itself is not compiled so; what the addon does to its memory is seen all the same.
const { execFileSync, spawnSync } = require('node:child_process');
const { mkdirSync, readFileSync, readdirSync, realpathSync, rmSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { compile, copyOfProject } = require('./copy.js');
const { testsToRun } = require('./tests.js');

const tests = testsToRun();
const copy = copyOfProject('sanitizers');
// clang's, because it has one runtime for both, which writes all its reports to one place.
const sanitize = '-fsanitize=address,undefined -fno-sanitize-recover=undefined -shared-libasan';
compile(copy, { CXX: 'clang++', CXXFLAGS: `-O1 -g -fno-omit-frame-pointer ${sanitize}`, LDFLAGS: sanitize });

// The frame that called malloc, and no more: so what leaks in the programs below /bin (the system's own, and Node) can
// be told from what the addon leaks, which is called by Node too.
const leaks = path.join(copy, 'leaks.txt');
writeFileSync(leaks, 'leak:/bin/\n');
const oneFrame = 'malloc_context_size=2';
// iproute2's print_route copies a name onto itself.
const elsewhere = path.join(copy, 'elsewhere.txt');
writeFileSync(elsewhere, 'interceptor_via_lib:/bin/ip\n');

// LeakSanitizer does not work in a process that is traced.
const tools = path.join(copy, 'tools');
mkdirSync(tools);
const strace = spawnSync('sh', ['-c', 'command -v strace'], { encoding: 'utf8' }).stdout.trim();
const untracedOnly = 'ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0"';
writeFileSync(path.join(tools, 'strace'), `#!/bin/sh\n${untracedOnly} exec ${strace} "$@"\n`, { mode: 0o755 });

const library = `libclang_rt.asan-${process.arch === 'x64' ? 'x86_64' : 'aarch64'}.so`;
const runtime = execFileSync('clang', [`-print-file-name=${library}`], { encoding: 'utf8' }).trim();
const reports = path.join(copy, 'report');
const env = {
  ...process.env,
  PATH: `${tools}:${process.env.PATH}`,
  LD_PRELOAD: realpathSync(runtime),
  ASAN_OPTIONS: `detect_leaks=1:${oneFrame}:log_path=${reports}:suppressions=${elsewhere}`,
  UBSAN_OPTIONS: 'print_stacktrace=1',
  LSAN_OPTIONS: `suppressions=${leaks}:print_suppressions=0`,
};

/** Of all processes since the last time. */
function takeReports() {
  const names = readdirSync(copy).filter((name) => name.startsWith('report.'));
  return names.map((name) => {
    const text = readFileSync(path.join(copy, name), 'utf8');
    rmSync(path.join(copy, name));
    return text;
  });
}

// Would it be noticed?
for (const [call, words] of /** @type {const} */ ([
  ['overflow(16)', 'heap-buffer-overflow|insufficient space'],
  ['add(2147483647)', 'signed integer overflow'],
  ['leak(100)', 'detected memory leaks'],
])) {
  const canary = path.join(copy, 'test/native/build/Release/canary.node');
  const { status } = spawnSync(process.execPath, ['-e', `require(${JSON.stringify(canary)}).${call}`], { env });
  const seen = takeReports().join('');
  if (status === 0 || !new RegExp(words).test(seen)) throw new Error(`canary.${call} was not noticed: ${seen}`);
  console.log(`canary.${call}: ${words}`);
}

const { status } = spawnSync('npx', ['tap', ...tests], {
  cwd: copy,
  env,
  stdio: 'inherit',
});
const found = takeReports();
for (const report of found) console.error(report);
console.log(`${found.length} reports of sanitizers`);
process.exit(found.length > 0 ? 1 : (status ?? 1));
