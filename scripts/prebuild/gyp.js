'use strict';
// native/addon.gypi says which defines, flags and libraries belong to which OS. node-gyp reads it, and so does the cross
// build: it is kept to JSON and to conditions on OS.
const { readFileSync } = require('node:fs');
const path = require('node:path');

/** @typedef {Partial<Record<'sources' | 'defines' | 'cflags_cc' | 'libraries', string[]>>} Settings */

/** @param {string} root @param {string} os as gyp names it */
exports.readGyp = (root, os) => {
  const [target] = JSON.parse(readFileSync(path.join(root, 'native', 'addon.gypi'), 'utf8')).targets;
  /** @type {[condition: string, settings: Settings][]} */
  const conditions = target.conditions;
  /** @type {Settings[]} */
  const parts = [target, ...conditions.filter(([condition]) => holds(condition, os)).map(([, settings]) => settings)];
  return {
    /** @type {string} */
    name: target.target_name,
    sources: parts.flatMap(({ sources = [] }) => sources),
    defines: parts.flatMap(({ defines = [] }) => defines),
    flags: parts.flatMap(({ cflags_cc = [] }) => cflags_cc),
    libraries: parts.flatMap(({ libraries = [] }) => libraries),
  };
};

/** @param {string} condition @param {string} os */
function holds(condition, os) {
  const [, name] = /^OS == '(\w+)'$/.exec(condition) ?? [];
  if (name === undefined) throw new Error(`native/addon.gypi: scripts/prebuild/gyp.js does not know "${condition}"`);
  return name === os;
}
