/**
 * `npm run build`: one file, `dist/certwright.js`, that `node` runs with nothing beside it but what finds the ambient
 * credentials of clouds, for who uses those (`cloud-credentials.ts`), and the licences of what is in them (`notices.ts`).
 * `dist/image-entry.js` is what the image starts: the program of solver Pods, or else the whole one (docs/decisions/0013).
 */

import { existsSync } from 'node:fs';
import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { build, type Metafile } from 'esbuild';

import { bundleCloudCredentials, cloudCredentialsApart, FOLDER } from './cloud-credentials.ts';
import { explainOldNode } from './explain-old-node.ts';
import { inlineCrds } from './inline-crds.ts';
import { NOTICES, noticesOf } from './notices.ts';

/** Packages that are only ever needed while building. One of them in the bundle is a mistake in an import. */
const BUILD_ONLY = ['typebox', 'fast-check', 'esbuild', 'typescript', 'dns-packet'];

const root = path.resolve(import.meta.dirname, '../..');
const entry = path.join(root, 'src/cli/main.ts');
const outfile = path.join(root, 'dist/certwright.js');
const imageEntry = {
  entry: path.join(root, 'src/cli/image-entry.ts'),
  outfile: path.join(root, 'dist/image-entry.js'),
};
const started = performance.now();

if (existsSync(entry)) {
  await bundle();
} else {
  console.error('build: src/cli/main.ts does not exist, so there is no program to bundle');
  process.exitCode = 1;
}

async function bundle(): Promise<void> {
  const result = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    // Names stay: a stack trace from the field must say which function it was without a source map at hand.
    minifySyntax: true,
    minifyWhitespace: true,
    minifyIdentifiers: false,
    keepNames: false,
    sourcemap: false,
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'warning',
    plugins: [inlineCrds(path.join(root, 'src/api/crds.ts')), explainOldNode, cloudCredentialsApart],
    banner: {
      // CommonJS packages (pino, yaml, undici) ask for `require` of node's own modules.
      js: `import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);`,
    },
  });
  const strangers = buildOnlyPackages(result.metafile);
  const [file] = result.outputFiles;
  if (strangers.length > 0 || file === undefined) {
    console.error(
      `build: only the build may use ${strangers.join(', ')}, yet it would be part of the program:`,
    );
    for (const line of importersOf(result.metafile, strangers)) console.error(`  ${line}`);
    process.exitCode = 1;
    return;
  }
  // Written beside and renamed, so that a running process or a second build never sees half a program.
  await mkdir(path.dirname(outfile), { recursive: true });
  const temporary = `${outfile}.${process.pid}`;
  await writeFile(temporary, file.text.startsWith('#!') ? file.text : `#!/usr/bin/env node\n${file.text}`);
  await chmod(temporary, 0o755);
  await rename(temporary, outfile);
  await bundleImageEntry();
  const apart = await bundleCloudCredentials(root);
  const notices = await noticesOf(root, [...shipped(result.metafile), ...apart.inputs]);
  await writeFile(`${temporary}.txt`, notices);
  await rename(`${temporary}.txt`, path.join(root, 'dist', NOTICES));
  const ms = Math.round(performance.now() - started);
  const kib = (bytes: number): string => `${(bytes / 1024).toFixed(0)} KiB`;
  console.log(`dist/certwright.js: ${kib(file.contents.length)} in ${ms} ms`);
  for (const [vendor, bytes] of Object.entries(apart.sizes))
    console.log(`dist/${FOLDER}/${vendor}.js: ${kib(bytes)}, loaded for ambient credentials only`);
}

async function bundleImageEntry(): Promise<void> {
  const temporary = `${imageEntry.outfile}.${process.pid}`;
  await build({
    absWorkingDir: root,
    entryPoints: [imageEntry.entry],
    outfile: temporary,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'warning',
  });
  await rename(temporary, imageEntry.outfile);
}

function packageOf(input: string): string | undefined {
  return /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\//u.exec(input)?.[1];
}

/** Inputs whose code ends up in the output; what was shaken out costs nothing. */
function shipped(metafile: Metafile): string[] {
  return Object.values(metafile.outputs).flatMap((output) => Object.keys(output.inputs));
}

function buildOnlyPackages(metafile: Metafile): string[] {
  const found = new Set(shipped(metafile).map(packageOf));
  return BUILD_ONLY.filter((name) => found.has(name));
}

function importersOf(metafile: Metafile, packages: string[]): string[] {
  return Object.entries(metafile.inputs).flatMap(([input, { imports }]) =>
    packages
      .filter((name) => packageOf(input) !== name && imports.some((one) => packageOf(one.path) === name))
      .map((name) => `${input} imports ${name}`),
  );
}
