/** The vendors' packages stay out of the program, and are where it looks for them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { cloudCredentialsApart, FOLDER, VENDORS } from '../../tools/build/cloud-credentials.ts';

const root = path.resolve(import.meta.dirname, '../..');
const program = readFileSync(path.join(root, 'dist/certwright.js'), 'utf8');

test('the program names the files and has none of their packages in it', () => {
  for (const vendor of VENDORS) assert.ok(program.includes(`import("./${FOLDER}/${vendor}.js")`), vendor);
  // A host of each that only the packages know.
  for (const words of ['AWS_CONTAINER_CREDENTIALS_FULL_URI', 'IDENTITY_ENDPOINT', 'metadata.google.internal'])
    assert.ok(!program.includes(words), words);
});

for (const [vendor, name] of [
  ['aws', 'awsCredentials'],
  ['azure', 'azureToken'],
  ['google', 'googleToken'],
] as const)
  test(`${vendor}.js can be loaded with no packages around it`, (t) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'certwright-vendor-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = path.join(folder, `${vendor}.mjs`);
    cpSync(path.join(root, `dist/${FOLDER}/${vendor}.js`), file);
    const code = `console.log(Object.keys(await import(${JSON.stringify(pathToFileURL(file).href)})).join())`;
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
      encoding: 'utf8',
      cwd: folder,
    });
    assert.equal(run.stdout, `${name}\n`, run.stderr);
  });

test('a program that was copied without them says what to copy', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'certwright-alone-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const outfile = path.join(folder, 'alone.mjs');
  const entryPoints = [path.join(root, 'src/dns/providers/vendor/load.ts')];
  await build({
    entryPoints,
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    plugins: [cloudCredentialsApart],
  });
  const { ambientCredentials } = (await import(pathToFileURL(outfile).href)) as {
    ambientCredentials: (name: string, ask: () => Promise<string>) => Promise<string>;
  };
  await assert.rejects(
    ambientCredentials('google', () => Promise.resolve('')),
    {
      code: 'dns-provider/configuration',
      message:
        'cloud-credentials/google.js, which finds the credentials of this machine, is not beside certwright.js: copy it from dist/ along with the program',
    },
  );
});
