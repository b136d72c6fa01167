/** The image without an engine: its files behind a changed root, read-only, as the user it names; and its digest. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { home, inNode } from './node.ts';

const run = promisify(execFile);
const repository = path.resolve(import.meta.dirname, '../..');
const archive = path.join(home(), 'images/certwright.tar');
let folder: string;
let config: { config: { User: string; Entrypoint: string[] }; rootfs: { diff_ids: string[] } };
let digest: string;

interface Manifest {
  readonly config: { readonly digest: string };
  readonly layers: readonly { readonly digest: string }[];
}

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'certwright-image-'));
  const [layout, root] = [path.join(folder, 'layout'), path.join(folder, 'root')];
  await run('mkdir', [layout, root]);
  await run('tar', ['--extract', '--file', archive, '-C', layout]);
  const blob = (of: { digest: string }): string => path.join(layout, 'blobs', of.digest.replace(':', '/'));
  const json = async <T>(file: string): Promise<T> => JSON.parse(await readFile(file, 'utf8')) as T;
  const index = await json<{ manifests: [{ digest: string }] }>(path.join(layout, 'index.json'));
  digest = index.manifests[0].digest;
  const manifest = await json<Manifest>(blob(index.manifests[0]));
  config = await json(blob(manifest.config));
  for (const layer of manifest.layers)
    await run('tar', ['--extract', '--gzip', '--file', blob(layer), '-C', root]);
});
after(() => rm(folder, { recursive: true, force: true }));

/** In a mount namespace of its own: the root is the image, read-only, with nothing mounted but /proc. */
async function contained(...command: string[]): Promise<string> {
  const root = path.join(folder, 'root');
  const script = [
    'mount --bind "$1" "$1"',
    'mount -o remount,bind,ro "$1"',
    'mkdir "$1.proc"; mount -t tmpfs none "$1.proc"; mkdir "$1.proc/root" "$1.proc/work" "$1.proc/up"',
    'mkdir "$1.proc/up/proc"',
    'mount -t overlay overlay -o "ro,lowerdir=$1.proc/up:$1" "$1.proc/root"',
    'mount -t proc proc "$1.proc/root/proc"',
    'root="$1.proc/root"; user=$2; shift 2',
    'exec chroot --userspec="$user" --groups="${user#*:}" "$root" "$@"',
  ].join('\n');
  const namespaces = ['--mount', '--pid', '--fork', '--net', '--ipc'];
  const inside = ['bash', '-euc', script, 'contained', root, config.config.User, ...command];
  try {
    return (await run('unshare', [...namespaces, ...inside])).stdout;
  } finally {
    await rm(`${root}.proc`, { recursive: true, force: true });
  }
}

test('the program runs from a read-only root as user 65532', async () => {
  assert.equal(config.config.User, '65532:65532');
  assert.match(
    await contained(...config.config.Entrypoint, 'version'),
    /^certwright \d+\.\d+\.\d+ \(node 24\./u,
  );
  const script =
    'const fs=require("node:fs");const no=[];for(const f of["/x","/tmp/x","/usr/bin/x","/etc/passwd"])' +
    'try{fs.writeFileSync(f,"")}catch(e){no.push(e.code)};' +
    'console.log(JSON.stringify({uid:process.getuid(),gid:process.getgid(),name:require("node:os").userInfo().username,no}))';
  const seen = JSON.parse(await contained('/usr/bin/node', '-e', script)) as unknown;
  assert.deepEqual(seen, { uid: 65532, gid: 65532, name: 'nonroot', no: Array(4).fill('EROFS') });
});

test('there is no shell and no package manager, and nothing that runs with more rights', async () => {
  const root = path.join(folder, 'root');
  assert.deepEqual((await readdir(path.join(root, 'usr/bin'))).toSorted(), ['certwright', 'node']);
  const { stdout } = await run('find', [root, '-perm', '/6000', '-o', '-type', 'b', '-o', '-type', 'c']);
  assert.equal(stdout, '');
});

test('it is below 150 MB unpacked', async (t) => {
  const { stdout } = await run('du', ['--summarize', '--bytes', path.join(folder, 'root')]);
  const unpacked = Number(stdout.split('\t')[0]);
  t.diagnostic(
    `${(unpacked / 1e6).toFixed(1)} MB unpacked, ${((await stat(archive)).size / 1e6).toFixed(1)} MB to transfer`,
  );
  assert.ok(unpacked < 150e6, `${unpacked}`);
});

test('built again it has the same digest, and the node has it under that', async () => {
  const second = path.join(folder, 'second.tar');
  const tool = path.join(repository, 'tools/image/run.ts');
  const name = 'localhost/certwright:node-lane';
  const { stdout } = await run(process.execPath, [tool, '--out', second, '--name', name]);
  assert.match(stdout, new RegExp(`^digest ${digest}$`, 'mu'));
  const sha = async (file: string): Promise<string> =>
    createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
  assert.equal(await sha(second), await sha(archive));
  const listed = await inNode(['ctr', '-n', 'k8s.io', 'images', 'ls', `name==${name}`]);
  assert.ok(listed.includes(digest), listed);
});

test('the bill of materials lies in it and beside it, and every library is the one it names', async () => {
  const root = path.join(folder, 'root');
  const inside = await readFile(path.join(root, 'usr/share/certwright/sbom.cdx.json'), 'utf8');
  assert.equal(await readFile(archive.replace('.tar', '.sbom.json'), 'utf8'), inside);
  const { components } = JSON.parse(inside) as {
    components: { 'bom-ref': string; hashes: { alg: string; content: string }[] }[];
  };
  const libraries = components.filter((one) => one['bom-ref'].startsWith('file:'));
  for (const library of libraries) {
    const content = await readFile(path.join(root, library['bom-ref'].slice('file:'.length)));
    assert.equal(createHash('sha256').update(content).digest('hex'), library.hashes[0]?.content);
  }
  const names = (await readdir(path.join(root, 'lib'), { recursive: true })).filter((name) =>
    /\.so/u.test(name),
  );
  assert.equal(libraries.length, names.length + 1, 'and the loader');
});
