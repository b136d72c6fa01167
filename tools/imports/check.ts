/** `npm run imports`: holds `src` against the rooms of the design and exits 1 with one line for each offence. */

import path from 'node:path';

import { violations } from './violations.ts';

const root = path.resolve(import.meta.dirname, '../..');
const found = await violations(root);
for (const { file, line, rule, message } of found) {
  console.error(`${file}${line === undefined ? '' : `:${line}`}: [${rule}] ${message}`);
}
console.log(
  found.length === 0 ? 'imports: every room keeps to the table' : `imports: ${found.length} offence(s)`,
);
process.exitCode = found.length === 0 ? 0 : 1;
