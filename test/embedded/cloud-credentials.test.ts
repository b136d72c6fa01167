/** The vendors' packages stay out of the program, and are where it looks for them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
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

interface Alone {
  ambientCredentials: (
    name: string,
    ask: (vendor: Record<string, (...args: unknown[]) => Promise<unknown>>) => Promise<unknown>,
  ) => Promise<unknown>;
}

/** What the program has of it, in a folder of its own. */
async function alone(t: TestContext): Promise<{ folder: string; outfile: string }> {
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
  return { folder, outfile };
}

test('a program that was copied without them says what to copy', async (t) => {
  const { outfile } = await alone(t);
  const { ambientCredentials } = (await import(pathToFileURL(outfile).href)) as Alone;
  await assert.rejects(
    ambientCredentials('google', () => Promise.resolve('')),
    {
      code: 'dns-provider/configuration',
      message:
        'cloud-credentials/google.js, which finds the credentials of this machine, is not beside certwright.js: copy it from dist/ along with the program',
    },
  );
});

test('with them beside it, they find what the machine has, and failures are errors of the program', async (t) => {
  const { folder, outfile } = await alone(t);
  cpSync(path.join(root, 'dist', FOLDER), path.join(folder, FOLDER), { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }');
  const code = `
    const { ambientCredentials } = await import(${JSON.stringify(pathToFileURL(outfile).href)});
    const http = { request: async () => ({ status: 400, headers: {}, body: '{"error":"invalid_client"}' }) };
    const found = await ambientCredentials('aws', (aws) => aws.awsCredentials({ http }));
    const environment = { AZURE_FEDERATED_TOKEN_FILE: 'token', AZURE_CLIENT_ID: 'c', AZURE_TENANT_ID: 't' };
    const ask = (azure) => azure.azureToken({ http, environment }, {}, 'https://login.microsoftonline.com', 's/.default');
    const { code, message } = await ambientCredentials('azure', ask).catch((error) => error);
    console.log(JSON.stringify([found, code, message.slice(0, 60)]));`;
  writeFileSync(path.join(folder, 'token'), 'token');
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
    cwd: folder,
    env: { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'secret', HOME: folder },
  });
  assert.deepEqual(
    JSON.parse(run.stdout || 'null'),
    [
      { accessKeyId: 'AKID', secretAccessKey: 'secret' },
      'dns-provider/credentials',
      'this machine has no ambient credentials for Azure that work:',
    ],
    run.stderr,
  );
});
