/** `npm run generate`: writes the generated parts of docs/*.md. */

import { glob, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { withGeneratedParts } from './doc-sections.ts';

const root = path.resolve(import.meta.dirname, '../..');
for await (const file of glob('docs/*.md', { cwd: root })) {
  const text = await readFile(path.join(root, file), 'utf8');
  const fresh = withGeneratedParts(text);
  if (fresh !== text) await writeFile(path.join(root, file), fresh);
}
