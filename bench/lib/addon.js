'use strict';
// The addon that tcp-keepalive has loaded, to count its calls or to answer in its place.
const { dlopen } = process;
/** @type {import('../../dist/addon/binding.js').Binding | undefined} */
let addon;
process.dlopen = (/** @type {{ exports: typeof addon }} */ module, ...rest) => {
  dlopen(module, ...rest);
  addon = module.exports;
};
require('tcp-keepalive');
process.dlopen = dlopen;

if (addon === undefined) throw new Error('tcp-keepalive was loaded before, or without its addon');
exports.addon = addon;
