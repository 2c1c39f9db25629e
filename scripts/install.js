'use strict';
// npm's install script: compiles the addon where none that loads is there.
const { nodedir } = require('./headers.js');

if (nodedir !== undefined) process.env.npm_config_nodedir = nodedir;
require('node-gyp-build/bin.js');
