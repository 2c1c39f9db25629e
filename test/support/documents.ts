// The pages that people read, and the code in them.
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

const root = path.join(__dirname, '..', '..');

export interface Page {
  /** Below the repository, with '/'. */
  readonly name: string;
  readonly file: string;
  readonly text: string;
}

/** Those of the root and of some folders. */
export function pages(...folders: string[]): Page[] {
  return ['.', ...folders].flatMap((folder) => {
    const names = readdirSync(path.join(root, folder)).filter((name) => name.endsWith('.md'));
    return names.map((name) => page(path.posix.join(folder, name)));
  });
}

export function page(name: string): Page {
  const file = path.join(root, name);
  return { name, file, text: readFileSync(file, 'utf8') };
}

export interface CodeBlock {
  /** `docs/recipes.md:12`. */
  readonly where: string;
  readonly language: string;
  /** What follows the language: `page` in "```js page". */
  readonly words: readonly string[];
  readonly code: string;
}

export function codeBlocks({ name, text }: Page): CodeBlock[] {
  return [...text.matchAll(/^( *)```(\w+)(.*)\n([^]*?)^\1```$/gm)].map((match) => {
    const [, indent = '', language = '', words = '', code = ''] = match;
    const line = text.slice(0, match.index).split('\n').length;
    return {
      where: `${name}:${line}`,
      language,
      words: words.trim().split(/\s+/),
      code: code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    };
  });
}
