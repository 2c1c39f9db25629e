'use strict';
exports.record = (/** @type {unknown[]} */ done) => {
  require('node:fs').writeFileSync(
    require('node:path').join(__dirname, '..', '..', '..', '.cache', 'kernels', 'runs.json'),
    JSON.stringify(done, (_, value) => (value instanceof Map ? [...value] : value)),
  );
};
