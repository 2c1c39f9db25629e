'use strict';
// A guest in plain emulation: one of our kernels, the host's root file system read-only, one program.
const { execFileSync, spawn } = require('node:child_process');
const { once } = require('node:events');
const { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const path = require('node:path');

const busybox = '/bin/busybox';

/**
 * What a program printed in a guest that ran this kernel.
 * @param {string} image @param {readonly string[]} command with absolute paths
 * @param {string} folder for the guest's files, made anew
 * @param {number} deadline in milliseconds
 */
exports.runInGuest = async (image, command, folder, deadline) => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const log = path.join(folder, 'console');
  const output = path.join(folder, 'output');
  const child = spawn(
    'qemu-system-x86_64',
    [
      ...['-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '2', '-m', '1024', '-display', 'none', '-no-reboot'],
      ...['-kernel', image, '-initrd', initialRoot(folder, command), '-append', 'console=ttyS0 panic=-1 quiet'],
      ...['-fsdev', 'local,id=root,path=/,security_model=none,readonly=on,multidevs=remap'],
      ...['-device', 'virtio-9p-pci,fsdev=root,mount_tag=root'],
      ...['-serial', `file:${log}`, '-serial', `file:${output}`],
    ],
    { stdio: ['ignore', 'ignore', 'inherit'], timeout: deadline, killSignal: 'SIGKILL' },
  );
  const [status, signal] = await once(child, 'exit');
  const said = readFileSync(log, 'utf8').split(/\r?\n/);
  if (status !== 0) throw new Error(`the guest ended with ${status ?? signal}, after: ${said.slice(-6).join(' | ')}`);
  return { output: readFileSync(output, 'utf8'), said };
};

/** The file system that a guest boots with. @param {string} folder @param {readonly string[]} command */
function initialRoot(folder, command) {
  const root = path.join(folder, 'root');
  for (const name of ['bin', 'dev', 'newroot']) mkdirSync(path.join(root, name), { recursive: true });
  copyFileSync(busybox, path.join(root, 'bin', 'busybox'));
  writeFileSync(path.join(root, 'init'), init(command), { mode: 0o755 });
  const archive = path.join(folder, 'initrd.gz');
  execFileSync('sh', ['-c', `find . | cpio --quiet --create --format=newc | gzip -1 > "${archive}"`], { cwd: root });
  return archive;
}

/** @param {readonly string[]} command */
function init(command) {
  const quoted = command.map((word) => `'${word}'`).join(' ');
  return `#!/bin/busybox sh
b=/bin/busybox
$b mount -t 9p -o trans=virtio,version=9p2000.L,ro,msize=262144,cache=loose root /newroot
$b mount -t devtmpfs dev /newroot/dev
$b mount -t proc proc /newroot/proc
$b mount -t sysfs sys /newroot/sys
$b mount -t tmpfs tmp /newroot/tmp
$b mount -t tmpfs run /newroot/run
$b stty -F /newroot/dev/ttyS1 raw -echo
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
$b cat > /newroot/run/job <<END
${quoted} > /dev/ttyS1
${busybox} reboot -f
END
exec $b switch_root /newroot /bin/sh /run/job
`;
}
