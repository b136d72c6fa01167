/** `npm run image`: writes `dist/certwright-image.tar` and its bill of materials, with no container engine. */

import { execFile } from 'node:child_process';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';

import { FOLDER, VENDORS } from '../build/cloud-credentials.ts';
import { NOTICES } from '../build/notices.ts';
import { imageArchive } from './archive.ts';
import { ARCHITECTURES, CONFIG, programFiles, runtimeFiles } from './root-files.ts';
import { billOfMaterials } from './sbom.ts';
import { sharedLibraries } from './shared-libraries.ts';
import { tar, type TarEntry } from './tar.ts';
import { writeRoot } from './write-root.ts';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '../..');
const { values } = parseArgs({
  options: {
    name: { type: 'string' },
    out: { type: 'string', default: path.join(root, 'dist/certwright-image.tar') },
    root: { type: 'string' },
  },
});
await main();

async function main(): Promise<void> {
  const target = process.platform === 'linux' ? ARCHITECTURES[process.arch] : undefined;
  if (target === undefined)
    throw new Error(`there is no image for ${process.platform} on ${process.arch}; use the Dockerfile`);
  const { version, description, license } = JSON.parse(
    await readFile(path.join(root, 'package.json'), 'utf8'),
  ) as {
    version: string;
    description: string;
    license: string;
  };
  const nodePackage = path.join(root, 'node_modules', target.nodePackage);
  const libraries = await sharedLibraries(path.join(nodePackage, 'bin/node'));
  // From the lockfile, not from what happens to lie in node_modules.
  const npm = await run('npm', ['sbom', '--sbom-format=cyclonedx', '--omit=dev', '--package-lock-only'], {
    cwd: root,
    maxBuffer: 64 * 1024 * 1024,
  });
  const sbom = billOfMaterials(npm.stdout, target.nodePackage, libraries);
  const [runtime, program] = [
    await runtimeFiles(nodePackage, libraries),
    programFiles(
      await readFile(path.join(root, 'dist/certwright.js'), 'utf8'),
      await readFile(path.join(root, 'dist/image-entry.js'), 'utf8'),
      await cloudCredentials(),
      sbom,
      await readFile(path.join(root, 'LICENSE')),
      await readFile(path.join(root, 'dist', NOTICES)),
    ),
  ];
  if (values.root !== undefined) {
    await writeRoot(values.root, [...runtime, ...program]);
    console.log(`${values.root}: the files of the image`);
    return;
  }
  const { created, revision } = await source();
  const labels = {
    'org.opencontainers.image.title': 'certwright',
    'org.opencontainers.image.description': description,
    'org.opencontainers.image.version': version,
    'org.opencontainers.image.licenses': license,
    'org.opencontainers.image.created': created,
    ...(revision !== undefined && { 'org.opencontainers.image.revision': revision }),
  };
  const name = values.name ?? `localhost/certwright:${version}`;
  const layer = (entries: readonly TarEntry[], from: string) => ({ tar: tar(entries), from });
  const image = imageArchive({
    name,
    architecture: target.architecture,
    created,
    layers: [
      layer(runtime, 'tools/image: Node and its libraries'),
      layer(program, 'tools/image: certwright'),
    ],
    config: { ...CONFIG, Labels: labels },
    annotations: labels,
  });
  await write(values.out, image.archive);
  await write(values.out.replace(/(?:\.tar)?$/u, '.sbom.json'), Buffer.from(sbom));
  const mb = (bytes: number): string => (bytes / 1e6).toFixed(1);
  console.log(`${path.relative(process.cwd(), values.out)}: ${name} (linux/${target.architecture})`);
  console.log(`digest ${image.digest}\nimage ID ${image.id}`);
  console.log(`${mb(image.compressed)} MB to transfer, ${mb(image.uncompressed)} MB unpacked`);
}

async function cloudCredentials(): Promise<Record<string, string>> {
  const read = async (vendor: string): Promise<[string, string]> => [
    vendor,
    await readFile(path.join(root, 'dist', FOLDER, `${vendor}.js`), 'utf8'),
  ];
  return Object.fromEntries(await Promise.all(VENDORS.map(read)));
}

/** When and from what it was made, so that the same commit gives the same bytes: SOURCE_DATE_EPOCH, else the commit's time. */
async function source(): Promise<{ created: string; revision: string | undefined }> {
  const git = (...args: string[]): Promise<string | undefined> =>
    run('git', args, { cwd: root }).then(
      ({ stdout }) => stdout.trim(),
      // Not a checkout: an archive of the sources has no commit.
      () => undefined,
    );
  const epoch = process.env['SOURCE_DATE_EPOCH'] ?? (await git('log', '-1', '--format=%ct')) ?? '0';
  const changed = await git('status', '--porcelain', '--untracked-files=no');
  const commit = await git('rev-parse', 'HEAD');
  return {
    created: new Date(Number(epoch) * 1000).toISOString().replace('.000Z', 'Z'),
    revision: commit === undefined ? undefined : `${commit}${changed === '' ? '' : '-modified'}`,
  };
}

async function write(file: string, content: Uint8Array): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}`;
  await writeFile(temporary, content);
  await rename(temporary, file);
}
