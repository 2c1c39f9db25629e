'use strict';
// The addon that tcp-keepalive has loaded, to count its calls or to answer in its place.
const { dlopen } = process;
/** @type {import('../../dist/addon/binding.js').Binding[]} */
const loaded = [];
process.dlopen = (/** @type {{ exports: (typeof loaded)[number] }} */ module, ...rest) => {
  dlopen(module, ...rest);
  loaded.push(module.exports);
};
require('tcp-keepalive');
process.dlopen = dlopen;

const [addon] = loaded;
if (addon === undefined) throw new Error('tcp-keepalive was loaded before, or without its addon');
exports.addon = /** @type {(typeof loaded)[number]} */ (addon);
