/** Writes Certificates' Secrets into a folder and keeps them current: one folder per Certificate, `DIR/<namespace>/<name>/`. */
import { createHash } from 'node:crypto';
import { lstat, readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Certificate } from '../../api/certificate.ts';
import type { Secret } from '../../api/core.ts';
import { planExport, type ExportFile, type ExportProblem } from './plan.ts';
import { ensureFolder, removeVolume, writeVolume } from './volume.ts';

export interface ExporterOptions {
  directory: string;
  now: () => Date;
  /** Undefined when there is no such Secret. */
  readSecret(namespace: string, name: string): Promise<Secret | undefined>;
}

export type ExportResult =
  /** `digest` changes whenever a name or a byte of the files does. */
  | { kind: 'written' | 'unchanged'; directory: string; files: readonly string[]; digest: string }
  | { kind: 'nothing'; why: string }
  | { kind: 'refused'; problems: readonly ExportProblem[] };

export class Exporter {
  readonly #options: ExporterOptions;

  constructor(options: ExporterOptions) {
    this.#options = options;
  }

  /**
   * Brings the folder of one Certificate up to date. Rejects with ExportError when the disk does not let us.
   * While the Secret is missing the files of before stay: servers go on with what they have until the re-issue.
   */
  async export(certificate: Certificate): Promise<ExportResult> {
    const { namespace = '' } = certificate.metadata ?? {};
    const secret = await this.#options.readSecret(namespace, certificate.spec.secretName);
    const plan = planExport(certificate, secret);
    if (plan.do === 'refuse') return { kind: 'refused', problems: plan.problems };
    if (plan.do === 'nothing') return { kind: 'nothing', why: plan.why };
    const { directory } = this.#options;
    await ensureFolder(join(directory, plan.namespace));
    const target = join(directory, plan.namespace, plan.name);
    const written = await writeVolume(target, plan.files, this.#options.now());
    return {
      kind: written ? 'written' : 'unchanged',
      directory: target,
      files: plan.files.map((file) => file.name),
      digest: digestOf(plan.files),
    };
  }

  /** The Certificate is gone: so are its files. What a link leads to is not ours, whatever it looks like. */
  async remove(namespace: string, name: string): Promise<void> {
    const parent = join(this.#options.directory, namespace);
    const folder = join(parent, name);
    if (!(await isRealFolder(parent)) || !(await isRealFolder(folder))) return;
    await removeVolume(folder);
    await rmdir(parent).catch(() => undefined); // Others are still in it.
  }

  /** Removes what an earlier run wrote for Certificates that are not among `known` (`namespace/name`). */
  async sweep(known: ReadonlySet<string>): Promise<readonly string[]> {
    const removed: string[] = [];
    for (const namespace of await foldersIn(this.#options.directory)) {
      for (const name of await foldersIn(join(this.#options.directory, namespace))) {
        if (known.has(`${namespace}/${name}`)) continue;
        const before = await foldersIn(join(this.#options.directory, namespace));
        await this.remove(namespace, name);
        const after = await foldersIn(join(this.#options.directory, namespace));
        if (after.length < before.length) removed.push(`${namespace}/${name}`);
      }
    }
    return removed;
  }
}

function digestOf(files: readonly ExportFile[]): string {
  const hash = createHash('sha256');
  for (const { name, bytes } of files) hash.update(`${name}/${bytes.length}/`).update(bytes);
  return hash.digest('hex');
}

/** Real folders only: links are not followed. */
async function foldersIn(path: string): Promise<string[]> {
  if (!(await isRealFolder(path))) return [];
  const entries = await readdir(path, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => entry.name);
}

async function isRealFolder(path: string): Promise<boolean> {
  const facts = await lstat(path).catch(() => undefined);
  return facts?.isDirectory() === true;
}
