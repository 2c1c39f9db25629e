'use strict';
// test/native/seam.cc, which drives native/ without Node, with the files of each system that a Linux kernel can play.
const { execFileSync } = require('node:child_process');
const { mkdirSync } = require('node:fs');
const path = require('node:path');

const common = ['test/native/seam.cc', 'native/keepalive.cc'];
const systems = {
  linux: ['native/socket_options_posix.cc', 'native/socket_options_linux.cc', 'native/tcp_info_linux.cc'],
  old: ['test/native/old_system_options.cc', 'native/tcp_info_linux.cc'],
  macos: ['test/native/macos_options.cc', 'native/tcp_info_linux.cc'],
  unsupported: ['native/socket_options_unsupported.cc', 'native/tcp_info_unsupported.cc'],
};

/**
 * Compiles it in a project, and runs it under a tool.
 * @param {string} project
 * @param {{ compiler: string, flags: readonly string[], tool: readonly string[], output: string }} how
 */
exports.driveSeam = function driveSeam(project, { compiler, flags, tool, output }) {
  for (const [system, parts] of Object.entries(systems)) {
    const program = path.join(output, system);
    mkdirSync(output, { recursive: true });
    const sources = [...common, ...parts].map((file) => path.join(project, file));
    execFileSync(compiler, ['-std=c++17', '-g', ...flags, ...sources, '-o', program], {
      cwd: output,
      stdio: 'inherit',
    });
    const [file = program, ...args] = [...tool, program];
    console.log(`seam, ${system}: ${[file, ...args].join(' ')}`);
    execFileSync(file, system === 'unsupported' ? [...args, system] : args, { stdio: 'inherit' });
  }
};
