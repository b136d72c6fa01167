/**
 * Keeps the API in step with a folder of manifests, the way a GitOps agent does: applied by server-side apply, again
 * when a file changes, pruned when it leaves the folder. What was not applied from the folder is never touched.
 */
import { watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { certificateName } from '../../api/annotations.ts';
import { namespaces, type ResourceType } from '../../api/resources.ts';
import type { Secret } from '../../api/core.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { KubeClient, ObjectKey } from '../../kube/client.ts';
import type { Clock, Timer } from '../../kube/clock.ts';
import type { Log } from '../../controllers/context.ts';
import { AlreadyExistsError, KubeError, NotFoundError } from '../../kube/errors.ts';
import { applyErrors } from './apply-errors.ts';
import { formatManifestError, titleOf, type Manifest, type ManifestError } from './manifest.ts';
import { managedSecrets } from './managed-secrets.ts';
import { parseManifests } from './parse-manifests.ts';
import {
  appliedLabel,
  appliedLabelValue,
  idOf,
  isPrunable,
  planFolder,
  tierOf,
  type Desired,
  type ObjectId,
} from './plan.ts';
import { readFolder, type FolderFile } from './read-folder.ts';
import { ResourceTypes } from './resource-types.ts';

export const folderFieldManager = 'certwright-manifests';
const maxFileSize = 16 * 1024 * 1024;
const rescanMs = 5_000;
const debounceMs = 100;
const maxRetryMs = 15_000;
const parallel = 8;

export interface FolderOptions {
  folder: string;
  client: KubeClient;
  clock: Clock;
  log: Log;
}

export interface FolderState {
  /** Objects that stand as the folder asks. */
  applied: number;
  /** What is wrong now; empty when all is well. */
  errors: readonly ManifestError[];
  /** False until the first pass has ended, and while something is about to be tried again. */
  settled: boolean;
}

interface PassResult {
  errors: ManifestError[];
  retry: boolean;
}

export class ManifestFolder {
  readonly #options: FolderOptions;
  readonly #types: ResourceTypes;
  /** Hash of what was applied; an empty hash: found on the server with our label, not compared yet. */
  readonly #applied = new Map<ObjectId, string>();
  /** resourceVersion at start of what an earlier run applied: applying it again usually changes nothing. */
  readonly #found = new Map<ObjectId, string>();
  /** Refused for good: not tried again until the object in the file changes. */
  readonly #refused = new Map<ObjectId, { hash: string; errors: ManifestError[] }>();
  readonly #namespaces = new Set<string>();
  #state: FolderState = { applied: 0, errors: [], settled: false };
  #signature = '';
  #told = new Set<string>();
  #retryMs = 250;

  constructor(options: FolderOptions) {
    this.#options = options;
    this.#types = new ResourceTypes(options.client);
  }

  get state(): FolderState {
    return this.#state;
  }

  /** Applies the folder, then follows it until `signal` aborts. Resolves when the last pass has ended. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, folder } = this.#options;
    let wake: () => void = () => {};
    let timer: Timer | undefined;
    const onAbort = (): void => wake();
    signal.addEventListener('abort', onAbort);
    const watcher = this.#watch(folder, () => {
      timer?.cancel();
      timer = clock.after(debounceMs, () => wake());
    });
    let found = false;
    while (!signal.aborted) {
      const next = new Promise<void>((resolve) => {
        wake = resolve;
      });
      let retry = true;
      try {
        if (!found) await this.#findApplied();
        found = true;
        retry = await this.#pass();
      } catch (error) {
        if (signal.aborted) break;
        const message = error instanceof Error ? error.message : String(error);
        this.#report({ errors: [{ at: { file: folder, line: 1, column: 1 }, message }], retry: true });
      }
      this.#retryMs = retry ? Math.min(this.#retryMs * 2, maxRetryMs) : 250;
      const pause = clock.after(retry ? this.#retryMs : rescanMs, () => wake());
      await next;
      pause.cancel();
    }
    timer?.cancel();
    signal.removeEventListener('abort', onAbort);
    watcher?.close();
  }

  /** Notices changes at once where the platform can tell; the rescan finds them anyway. */
  #watch(folder: string, changed: () => void): { close(): void } | undefined {
    try {
      const watcher = watch(folder, { recursive: true, persistent: false }, changed);
      watcher.on('error', (error) =>
        this.#options.log.debug(
          { err: error },
          'the manifests folder cannot be watched; it is rescanned instead',
        ),
      );
      return watcher;
    } catch (error) {
      this.#options.log.debug(
        { err: error },
        'the manifests folder cannot be watched; it is rescanned instead',
      );
      return undefined;
    }
  }

  /** After a restart: what carries our label was applied from the folder, and may have left it meanwhile. */
  async #findApplied(): Promise<void> {
    await this.#types.refresh();
    for (const type of this.#types.all) {
      const { items } = await this.#options.client.list<KubeObject>(type, {
        labelSelector: `${appliedLabel}=${appliedLabelValue}`,
        metadataOnly: true,
      });
      for (const { metadata } of items) {
        // Controllers copy labels on (a Certificate's reach its CertificateRequests): what counts is who applied it.
        const ours = metadata?.managedFields?.some(
          ({ manager, operation }) => manager === folderFieldManager && operation === 'Apply',
        );
        if (ours !== true) continue;
        const apiVersion = type.group === '' ? type.version : `${type.group}/${type.version}`;
        const id = idOf(apiVersion, type.kind, metadata?.namespace, metadata?.name ?? '');
        this.#applied.set(id, '');
        this.#found.set(id, metadata?.resourceVersion ?? '');
      }
    }
  }

  /** Returns whether another try is due. */
  async #pass(): Promise<boolean> {
    const files = await readFolder(this.#options.folder);
    const signature = JSON.stringify(files.map(({ name, size, mtimeMs }) => [name, size, mtimeMs]));
    if (signature === this.#signature && this.#state.settled) return false;
    const { manifests, errors } = await this.#readFiles(files);
    const broken = errors.length > 0;
    await this.#complete(manifests);
    const plan = planFolder(this.#applied, manifests);
    errors.push(...plan.errors);
    const managed = managedSecrets(manifests);
    errors.push(...managed.values());

    const ours = plan.apply.filter(({ id }) => !managed.has(id));
    let retry = await this.#applyAll(ours, errors);
    // A file that cannot be read right now may hold the very object: nothing is pruned until all files are sound.
    if (!broken) retry = (await this.#pruneAll(plan.prune, errors)) || retry;
    this.#signature = signature;
    this.#report({ errors, retry });
    return retry;
  }

  async #readFiles(
    files: readonly FolderFile[],
  ): Promise<{ manifests: Manifest[]; errors: ManifestError[] }> {
    const manifests: Manifest[] = [];
    const errors: ManifestError[] = [];
    for (const file of files) {
      const at = { file: file.path, line: 1, column: 1 };
      if (file.size > maxFileSize) {
        errors.push({ at, message: `is larger than ${maxFileSize / 1024 / 1024} MiB: split it` });
        continue;
      }
      try {
        // Bytes that are no UTF-8 would become question marks in what is applied: they are refused instead.
        const text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file.path));
        const parsed = parseManifests(file.path, text);
        manifests.push(...parsed.manifests);
        errors.push(...parsed.errors);
      } catch (error) {
        errors.push({
          at,
          message: `cannot be read: ${error instanceof Error ? error.message : String(error)}`,
        });
      }
    }
    return { manifests, errors };
  }

  /** Fills in the namespace that kubectl would: `default`, and none for cluster-scoped kinds. */
  async #complete(manifests: readonly Manifest[]): Promise<void> {
    for (const { object } of manifests) {
      const type = await this.#types.find(object.apiVersion, object.kind);
      if (type?.namespaced === true) object.metadata.namespace ??= 'default';
    }
  }

  async #applyAll(desired: readonly Desired[], errors: ManifestError[]): Promise<boolean> {
    let retry = false;
    for (let tier = 0; tier <= 3; tier += 1) {
      const line = desired.filter((item) => tierOf(item.manifest.object.kind) === tier);
      const worker = async (): Promise<void> => {
        for (let item = line.shift(); item !== undefined; item = line.shift()) {
          const result = await this.#applyOne(item);
          errors.push(...result.errors);
          retry ||= result.retry;
        }
      };
      await Promise.all(Array.from({ length: parallel }, worker));
    }
    return retry;
  }

  async #applyOne(item: Desired): Promise<PassResult> {
    const { manifest, id, hash } = item;
    const { object } = manifest;
    const refused = this.#refused.get(id);
    if (refused?.hash === hash) return { errors: refused.errors, retry: false };
    try {
      const type = await this.#types.find(object.apiVersion, object.kind);
      if (type === undefined) {
        const message = `the API serves no kind ${object.kind} in ${object.apiVersion}; it is tried again until its CustomResourceDefinition is there`;
        return {
          errors: [{ at: manifest.locate('kind'), object: titleOf(object), field: 'kind', message }],
          retry: true,
        };
      }
      if (type.namespaced) await this.#ensureNamespace(object.metadata.namespace ?? 'default');
      const labels = { ...object.metadata.labels, [appliedLabel]: appliedLabelValue };
      const marked = withoutStringData({ ...object, metadata: { ...object.metadata, labels } });
      const stored = await this.#options.client.apply(type, marked, {
        fieldManager: folderFieldManager,
        force: true,
        // A misspelt field would otherwise be dropped in silence.
        fieldValidation: 'Strict',
      });
      const news = this.#applied.get(id) === undefined ? 'applied' : 'applied again';
      this.#applied.set(id, hash);
      this.#refused.delete(id);
      const unchanged = this.#found.get(id) === stored.metadata?.resourceVersion;
      const where = { file: manifest.at.file, line: manifest.at.line };
      if (unchanged) this.#options.log.debug(where, `${titleOf(object)} is unchanged`);
      else this.#options.log.info(where, `${news} ${titleOf(object)}`);
      return { errors: [], retry: false };
    } catch (error) {
      const errors = applyErrors(manifest, error);
      const retry = !(error instanceof KubeError) || error.retryable || error instanceof NotFoundError;
      if (!retry) this.#refused.set(id, { hash, errors });
      return { errors, retry };
    }
  }

  /** A folder for one machine should not fail for want of a Namespace manifest: missing ones are created. */
  async #ensureNamespace(name: string): Promise<void> {
    if (this.#namespaces.has(name)) return;
    try {
      const namespace: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
      await this.#options.client.create(namespaces, namespace, { fieldManager: folderFieldManager });
      this.#options.log.info({ namespace: name }, `created Namespace ${name}, which a manifest names`);
    } catch (error) {
      if (!(error instanceof AlreadyExistsError)) throw error;
    }
    this.#namespaces.add(name);
  }

  async #pruneAll(ids: readonly ObjectId[], errors: ManifestError[]): Promise<boolean> {
    let retry = false;
    for (const id of ids.filter(isPrunable)) {
      const [group = '', kind = '', namespace = '', name = ''] = id.split('|');
      const type = this.#types.all.find((candidate) => candidate.group === group && candidate.kind === kind);
      if (type === undefined) continue;
      const key = { namespace: namespace === '' ? undefined : namespace, name };
      try {
        if (kind === 'Secret' && (await this.#isManaged(type, key))) {
          this.#options.log.info(
            {},
            `Secret ${namespace}/${name} left the manifests folder and stays: a Certificate fills it`,
          );
          this.#applied.delete(id);
          continue;
        }
        await this.#options.client.delete(type, key);
        this.#options.log.info({}, `deleted ${kind} ${namespace}/${name}: it left the manifests folder`);
        this.#applied.delete(id);
      } catch (error) {
        if (error instanceof NotFoundError) {
          this.#applied.delete(id);
          continue;
        }
        retry = true;
        const message = `${kind} ${namespace}/${name} left the folder and cannot be deleted: ${error instanceof Error ? error.message : String(error)}`;
        errors.push({ at: { file: this.#options.folder, line: 1, column: 1 }, message });
      }
    }
    return retry;
  }

  /** A Secret that a Certificate took over is no longer the folder's: pruning it would lose the key. */
  async #isManaged(type: ResourceType, key: ObjectKey): Promise<boolean> {
    const { metadata } = await this.#options.client.get<KubeObject>(type, key);
    return metadata?.annotations?.[certificateName] !== undefined;
  }

  /** Each problem is logged once, until it is gone. */
  #report({ errors, retry }: PassResult): void {
    const lines = new Set(errors.map(formatManifestError));
    for (const line of lines) {
      if (!this.#told.has(line)) this.#options.log.error({}, line);
    }
    this.#told = lines;
    this.#state = {
      applied: [...this.#applied.values()].filter((hash) => hash !== '').length,
      errors,
      settled: !retry,
    };
  }
}

/**
 * `stringData` is write-only: under server-side apply its keys would be owned but never be seen again, so that dropping
 * one from the file would not drop it from the Secret. Written as `data` they behave.
 */
function withoutStringData(object: KubeObject & Pick<Secret, 'data' | 'stringData'>): KubeObject {
  const { stringData, ...rest } = object;
  if (object.kind !== 'Secret' || object.apiVersion !== 'v1' || stringData === undefined) return object;
  // Numbers and the like are the server's to refuse, with the field named.
  if (!Object.values(stringData).every((value) => typeof value === 'string')) return object;
  const entries = Object.entries(stringData).map(([key, value]) => [
    key,
    Buffer.from(value).toString('base64'),
  ]);
  const secret: Secret = { ...rest, data: { ...object.data, ...Object.fromEntries(entries) } };
  return secret;
}
