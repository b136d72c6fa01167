/** Puts layers together to an image: an OCI image layout in one tar archive, which every engine can load. */

import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

import { tar, type TarEntry } from './tar.ts';

/** What an image is made of. */
export interface ImageParts {
  /** Name and tag, as `localhost/certwright:0.1.0`. */
  readonly name: string;
  /** GOARCH names: `amd64`, `arm64`. */
  readonly architecture: string;
  /** RFC 3339. */
  readonly created: string;
  /** Uncompressed tar archives, the lowest first, each with the words that `docker history` shows. */
  readonly layers: readonly { readonly tar: Buffer; readonly from: string }[];
  /** `config` of the image configuration: user, entry point, environment, labels (OCI image-spec, config.md). */
  readonly config: Readonly<Record<string, unknown>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface ImageArchive {
  readonly archive: Buffer;
  /** Digest of the manifest: what a Pod names with `@sha256:...`. */
  readonly digest: string;
  /** Digest of the configuration: the image ID. It depends on the files only, not on how they were compressed. */
  readonly id: string;
  /** Bytes of the layers as they travel, and as they lie on a node. */
  readonly compressed: number;
  readonly uncompressed: number;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** OCI image-spec: image-layout.md, image-index.md, manifest.md; and `manifest.json` for engines older than the layout. */
export function imageArchive(parts: ImageParts): ImageArchive {
  const blobs = new Map<string, Buffer>();
  const add = (mediaType: string, content: Buffer): Descriptor => {
    const digest = sha256(content);
    blobs.set(digest, content);
    return { mediaType, digest, size: content.length };
  };
  const layers = parts.layers.map((layer) =>
    // zlib writes no name and no time. memLevel 9: below it the result depends on the processor's instructions.
    add('application/vnd.oci.image.layer.v1.tar+gzip', gzipSync(layer.tar, { level: 6, memLevel: 9 })),
  );
  const config = add(
    'application/vnd.oci.image.config.v1+json',
    json({
      architecture: parts.architecture,
      os: 'linux',
      created: parts.created,
      config: parts.config,
      rootfs: { type: 'layers', diff_ids: parts.layers.map((layer) => sha256(layer.tar)) },
      history: parts.layers.map((layer) => ({ created: parts.created, created_by: layer.from })),
    }),
  );
  const manifest = add(
    'application/vnd.oci.image.manifest.v1+json',
    json({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config,
      layers,
      annotations: parts.annotations,
    }),
  );
  const index = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [
      {
        ...manifest,
        platform: { architecture: parts.architecture, os: 'linux' },
        annotations: {
          // The first is read by containerd, the second by podman and skopeo.
          'io.containerd.image.name': parts.name,
          'org.opencontainers.image.ref.name': parts.name,
        },
      },
    ],
  };
  const path = (digest: string): string => `blobs/${digest.replace(':', '/')}`;
  const legacy = [
    {
      Config: path(config.digest),
      RepoTags: [parts.name],
      Layers: layers.map((layer) => path(layer.digest)),
    },
  ];
  const file = (name: string, content: Buffer): TarEntry => ({
    kind: 'file',
    path: name,
    mode: 0o644,
    content,
  });
  return {
    archive: tar([
      file('oci-layout', json({ imageLayoutVersion: '1.0.0' })),
      file('index.json', json(index)),
      file('manifest.json', json(legacy)),
      ...[...blobs].map(([digest, content]) => file(path(digest), content)),
    ]),
    digest: manifest.digest,
    id: config.digest,
    compressed: layers.reduce((sum, layer) => sum + layer.size, 0),
    uncompressed: parts.layers.reduce((sum, layer) => sum + layer.tar.length, 0),
  };
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function sha256(content: Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
