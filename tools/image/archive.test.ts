/** The image layout is read back as an engine does it: index to manifest to configuration and layers, by digest. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gunzipSync } from 'node:zlib';

import { imageArchive, type ImageParts } from './archive.ts';
import { tar } from './tar.ts';

const folder = mkdtempSync(join(tmpdir(), 'certwright-image-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const layer = (name: string) =>
  tar([{ kind: 'file', path: name, mode: 0o644, content: Buffer.from(name.repeat(900)) }]);
const parts: ImageParts = {
  name: 'localhost/app:1.0',
  architecture: 'arm64',
  created: '2026-01-02T03:04:05Z',
  layers: [
    { tar: layer('below'), from: 'the runtime' },
    { tar: layer('above'), from: 'the program' },
  ],
  config: { User: '65532:65532', Entrypoint: ['/app'] },
  annotations: { 'org.opencontainers.image.version': '1.0' },
};
const image = imageArchive(parts);
execFileSync('tar', ['--extract', '--file', '-', '-C', folder], { input: image.archive });

const digest = (content: Uint8Array): string =>
  `sha256:${createHash('sha256').update(content).digest('hex')}`;
const read = (name: string): Buffer => readFileSync(join(folder, name));

interface Described {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations: Record<string, string>;
  readonly platform: Record<string, string>;
}

function blob(described: Described): Buffer {
  const content = read(`blobs/${described.digest.replace(':', '/')}`);
  assert.equal(digest(content), described.digest);
  assert.equal(content.length, described.size);
  return content;
}

test('index, manifest, configuration and layers hang together by digest and size', () => {
  assert.deepEqual(JSON.parse(read('oci-layout').toString()), { imageLayoutVersion: '1.0.0' });
  const { manifests } = JSON.parse(read('index.json').toString()) as { manifests: [Described] };
  assert.equal(manifests.length, 1);
  assert.equal(manifests[0].digest, image.digest);
  assert.deepEqual(manifests[0].platform, { architecture: 'arm64', os: 'linux' });
  assert.deepEqual(Object.values(manifests[0].annotations), ['localhost/app:1.0', 'localhost/app:1.0']);
  const manifest = JSON.parse(blob(manifests[0]).toString()) as {
    config: Described;
    layers: Described[];
    annotations: unknown;
  };
  assert.deepEqual(manifest.annotations, parts.annotations);
  assert.equal(manifest.config.digest, image.id);
  const config = JSON.parse(blob(manifest.config).toString()) as {
    rootfs: { diff_ids: string[] };
    config: unknown;
    created: string;
  };
  assert.deepEqual(config.config, parts.config);
  assert.equal(config.created, parts.created);
  const layers = manifest.layers.map((one) => gunzipSync(blob(one)));
  assert.deepEqual(
    layers,
    parts.layers.map((one) => one.tar),
  );
  assert.deepEqual(config.rootfs.diff_ids, layers.map(digest));
  assert.equal(
    image.compressed,
    manifest.layers.reduce((sum, one) => sum + one.size, 0),
  );
});

test('engines older than the layout find the same blobs', () => {
  const [old] = JSON.parse(read('manifest.json').toString()) as [
    { Config: string; Layers: string[]; RepoTags: string[] },
  ];
  assert.deepEqual(old.RepoTags, ['localhost/app:1.0']);
  assert.equal(digest(read(old.Config)), image.id);
  assert.deepEqual(
    old.Layers.map((name) => gunzipSync(read(name))),
    parts.layers.map((one) => one.tar),
  );
});

test('made again it is the same, byte for byte; made of something else it is not', () => {
  assert.deepEqual(imageArchive(parts), image);
  const other = imageArchive({ ...parts, config: { ...parts.config, User: '0' } });
  assert.notEqual(other.digest, image.digest);
  assert.notEqual(other.id, image.id);
});
