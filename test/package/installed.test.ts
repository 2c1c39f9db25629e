// The package on a read-only file system.
import { spawnSync } from 'node:child_process';
import t from 'tap';
import { application } from '../support/application';
import { isolation } from '../support/network-namespace.js';

const asks = `const keepalive = require('tcp-keepalive'); console.log(keepalive.readSystemKeepalive().count > 0);`;

const way = isolation();
const skip = 'reason' in way && (process.env['CI'] === undefined || process.platform !== 'linux') && way.reason;

void t.test('a read-only file system', { skip }, async (t) => {
  if ('reason' in way) return t.fail(`CI skips nothing that can run: ${way.reason}`);
  const { folder } = application(t, { 'app.js': asks });
  const [program, ...args] = [
    ...way.command,
    ...[
      '--mount',
      'sh',
      '-ec',
      'mount --bind "$1" "$1"; mount -o remount,ro,bind "$1"; cd "$1"; ! touch file; exec "$2" app.js',
    ],
    ...['sh', folder, process.execPath],
  ];
  const { status, stdout, stderr } = spawnSync(program!, args, {
    encoding: 'utf8',
    env: { ...way.env, TMPDIR: folder },
  });
  t.match(stderr, /Read-only file system/);
  t.equal(stdout, 'true\n');
  t.equal(status, 0);
});
