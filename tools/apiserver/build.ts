/**
 * `node tools/apiserver/build.ts [program...]`: builds programs of Kubernetes (all when none is named) and prints where
 * each is, one path a line. What is there already is only named.
 */

import path from 'node:path';

import { onPath } from '../peers/toolchain.ts';
import { kubernetesProgram, PROGRAMS, type Program } from './toolchain.ts';

const root = path.resolve(import.meta.dirname, '../..');
const go = onPath('go', process.env['PATH'] ?? '', ['/usr/local/go/bin']);
const named = process.argv.slice(2);
const wrong = named.filter((name) => !PROGRAMS.some((program) => program === name));
if (wrong.length > 0) {
  console.error(`no such program: ${wrong.join(', ')}; there are ${PROGRAMS.join(', ')}`);
  process.exitCode = 2;
} else {
  for (const name of named.length === 0 ? PROGRAMS : (named as Program[])) {
    const tool = await kubernetesProgram(root, name, go);
    if (tool.path === undefined) {
      console.error(`${name}: ${tool.missing}`);
      process.exitCode = 1;
    } else console.log(tool.path);
  }
}
