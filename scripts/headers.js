'use strict';
// Node's headers come with most Node installations, beside the binary: then nothing has to be downloaded to compile.
const { existsSync } = require('node:fs');
const path = require('node:path');

const prefix = path.resolve(process.execPath, '..', '..');

/** What node-gyp takes as --nodedir, or undefined where it has to find the headers itself. */
exports.nodedir =
  process.env.npm_config_nodedir ??
  (existsSync(path.join(prefix, 'include', 'node', 'node_api.h')) ? prefix : undefined);
