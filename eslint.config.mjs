import eslint from '@eslint/js';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/** The rooms of src/, and the rooms that each may import from: data runs one way. */
const rooms = {
  util: [],
  profile: ['util'],
  addon: ['util'],
  socket: ['addon', 'profile', 'util'],
  keepalive: ['addon', 'profile', 'socket', 'util'],
  liveness: ['addon', 'profile', 'socket', 'util'],
  browser: [],
  heartbeat: ['util'], // and what src/index.ts exports
};

/** @param {string} room */
function importsDownwards(room) {
  const others = Object.keys(rooms).filter((name) => name !== room && !rooms[room].includes(name));
  const message = `src/${room}/ may import from ${rooms[room].join(', ') || 'no other room'} (eslint.config.mjs)`;
  const ways = [{ regex: `^(\\.\\./)+(${others.join('|')})/`, message }];
  if (room !== 'heartbeat') ways.push({ regex: '^(\\.\\./)+index\\.js$', message });
  return { files: [`src/${room}/**`], rules: { 'no-restricted-imports': ['error', { patterns: ways }] } };
}

export default tseslint.config(
  { ignores: ['**/node_modules/', '**/build/', 'dist/', '.tap/', '.cache/'] },
  {
    // What names there are the compiler checks (test/tsconfig.json: checkJs).
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    extends: [eslint.configs.recommended],
    rules: { 'no-undef': 'off', 'no-unused-vars': ['error', { ignoreRestSiblings: true }] },
  },
  {
    files: ['**/*.ts', '**/*.mts'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.json', './src/browser/tsconfig.json', './test/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off', // noUncheckedIndexedAccess asks for them
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
    },
  },
  {
    files: ['src/**'],
    plugins: { 'import-x': importX },
    settings: {
      'import-x/extensions': ['.ts', '.mts'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts', '.mts'] },
      'import-x/resolver-next': [createNodeResolver({ extensionAlias: { '.js': ['.ts', '.js'], '.mjs': ['.mts'] } })],
    },
    rules: { 'import-x/no-cycle': 'error', 'max-lines': ['error', 250] },
  },
  ...Object.keys(rooms).map(importsDownwards),
  {
    files: ['test/**'],
    rules: {
      '@typescript-eslint/require-await': 'off', // a tap test is async, with or without something to wait for
      '@typescript-eslint/no-require-imports': 'off',
      '@typescript-eslint/restrict-template-expressions': 'off',
      '@typescript-eslint/no-misused-spread': 'off',
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/unbound-method': 'off', // methods that tests compare and put back
    },
  },
);
