/** Lets the bundle say which Node it needs, where an older one would only report a missing built-in module. */

import type { Plugin } from 'esbuild';

/** An import of a missing built-in ends the program before its first line; asked for at run time it can be told of. */
const substitute = `
const sqlite = process.getBuiltinModule?.('node:sqlite');
if (sqlite === undefined) {
  process.stderr.write('certwright: this needs Node 24 or newer, and runs on Node ' + process.versions.node + '\\n');
  process.exit(3);
}
export const { DatabaseSync } = sqlite;
`;

export const explainOldNode: Plugin = {
  name: 'explain-old-node',
  setup(build) {
    build.onResolve({ filter: /^node:sqlite$/ }, ({ path }) => ({ path, namespace: 'explain-old-node' }));
    build.onLoad({ filter: /.*/, namespace: 'explain-old-node' }, () => ({
      contents: substitute,
      loader: 'js',
    }));
  },
};
