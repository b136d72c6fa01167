/**
 * The vendors' packages that find the credentials of a machine, as files of their own beside the program: 1.8 MB that
 * a start need not read, and that who logs in with a Secret never loads (docs/decisions/0016-cloud-credentials.md).
 */

import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';

import { build as esbuild, type Plugin } from 'esbuild';

/** Below `dist/`, and beside the program wherever it is installed. */
export const FOLDER = 'cloud-credentials';
export const VENDORS = ['aws', 'azure', 'google'] as const;

/** Leaves `import('./aws.ts')` of src/dns/providers/vendor to the file beside the program. */
export const cloudCredentialsApart: Plugin = {
  name: 'cloud-credentials-apart',
  setup: (build) => {
    // esbuild reads filters as Go does, which knows no flag `u`.
    // oxlint-disable-next-line require-unicode-regexp
    build.onResolve({ filter: /^\.\/(?:aws|azure|google)\.ts$/ }, ({ kind, importer, path: file }) =>
      kind === 'dynamic-import' && importer.endsWith(path.join('providers', 'vendor', 'load.ts'))
        ? { path: `./${FOLDER}/${path.basename(file, '.ts')}.js`, external: true }
        : undefined,
    );
  },
};

/** @returns the sizes in bytes, by vendor, and what they were made of */
export async function bundleCloudCredentials(
  root: string,
): Promise<{ sizes: Readonly<Record<string, number>>; inputs: readonly string[] }> {
  const folder = path.join(root, 'dist', FOLDER);
  await mkdir(folder, { recursive: true });
  const files = await Promise.all(
    VENDORS.map(async (vendor) => {
      const outfile = path.join(folder, `${vendor}.js`);
      const temporary = `${outfile}.${process.pid}`;
      const { metafile } = await esbuild({
        absWorkingDir: root,
        entryPoints: [path.join(root, `src/dns/providers/vendor/${vendor}.ts`)],
        outfile: temporary,
        bundle: true,
        platform: 'node',
        format: 'esm',
        target: 'node24',
        minifySyntax: true,
        minifyWhitespace: true,
        legalComments: 'none',
        metafile: true,
        logLevel: 'warning',
        banner: {
          js: `import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);`,
        },
      });
      const ours = Object.keys(metafile.inputs).filter(
        (input) => input.startsWith('src/') && !input.endsWith(`/${vendor}.ts`),
      );
      // A second copy of one of our classes would not be the same class.
      if (ours.length > 0)
        throw new Error(`${vendor}.ts may import types of ours only, not ${ours.join(', ')}`);
      await rename(temporary, outfile);
      const [output] = Object.values(metafile.outputs);
      return { vendor, bytes: output?.bytes ?? 0, inputs: Object.keys(output?.inputs ?? {}) };
    }),
  );
  return {
    sizes: Object.fromEntries(files.map(({ vendor, bytes }) => [vendor, bytes])),
    inputs: files.flatMap(({ inputs }) => inputs),
  };
}
