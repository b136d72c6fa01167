/** Replaces the module of the CRD schemas by what it evaluates to, so that the schema library stays out of the program. */

import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

import type { Plugin } from 'esbuild';

/**
 * The bundle loads `file` as a module of constants: every export of it is evaluated now and written as JSON.
 *
 * An export that JSON cannot carry (a function, a symbol-keyed object that means something) would silently change its
 * meaning, so it is refused with its name.
 */
export function inlineCrds(file: string): Plugin {
  return {
    name: 'inline-crds',
    setup(build) {
      if (!existsSync(file)) return;
      // esbuild hands the filter to Go, which knows no flags of ours; the exact file is compared below.
      build.onLoad({ filter: /crds\.ts$/ }, async ({ path }) => {
        if (path !== file) return undefined;
        const exports = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
        const lines = Object.entries(exports).map(([name, value]) => constant(file, name, value));
        return { contents: lines.join('\n'), loader: 'js' };
      });
    },
  };
}

/** JSON.parse of a string starts faster than the same object as a literal: the parser need not consider code. */
function constant(file: string, name: string, value: unknown): string {
  const json = typeof value === 'function' ? undefined : JSON.stringify(value);
  if (json === undefined) {
    throw new TypeError(`${file}: the export \`${name}\` is not data, so the bundle cannot carry it as JSON`);
  }
  return `export const ${name} = JSON.parse(${JSON.stringify(json)});`;
}
