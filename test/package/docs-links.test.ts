// Every relative link and image of the pages leads to a file of the repository, and its anchor to a heading or a name there.
import { existsSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { page, pages, type Page } from '../support/documents';

const root = path.join(__dirname, '..', '..');
const proseOf = ({ text }: Page) => text.replaceAll(/^( *)```[^]*?^\1```$/gm, '');

/** As GitHub makes them of headings. */
function anchors(target: Page): Set<string> {
  const prose = proseOf(target);
  const known = new Set([...prose.matchAll(/<a (?:id|name)="([^"]+)"/g)].map(([, id = '']) => id));
  for (const [, heading = ''] of prose.matchAll(/^#+ (.*)$/gm)) {
    const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const slug = words.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(/\s/g, '-');
    let anchor = slug;
    for (let again = 1; known.has(anchor); again += 1) anchor = `${slug}-${again}`;
    known.add(anchor);
  }
  return known;
}

void t.test('every relative link and its anchor resolve', async (t) => {
  const documents = pages('docs', 'test', 'bench');
  t.ok(documents.length >= 10);
  for (const document of documents) {
    const prose = proseOf(document).replaceAll(/`[^`\n]*`/g, '');
    const links = [...prose.matchAll(/\]\(<?([^)>\s]+)>?(?: "[^"]*")?\)/g)].map(([, link = '']) => link);
    for (const link of links.filter((link) => !/^[a-z]+:/.test(link))) {
      const [name = '', anchor] = link.split('#');
      const target = name === '' ? document.name : path.posix.join(path.posix.dirname(document.name), name);
      t.ok(existsSync(path.join(root, target)), `${document.name}: ${link}`);
      if (anchor !== undefined) t.ok(anchors(page(target)).has(anchor), `${document.name}: ${link}`);
    }
  }
});

void t.test('README.md is short', async (t) => {
  t.ok(page('README.md').text.split('\n').length <= 200);
});
