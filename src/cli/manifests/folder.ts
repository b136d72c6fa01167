/**
 * Keeps the API in step with a folder of manifests, the way a GitOps agent does: applied by server-side apply, again
 * when a file changes, pruned when it leaves the folder. What was not applied from the folder is never touched.
 */
import { messageOf } from '../../api/message-of.ts';
import { certificateName } from '../../api/annotations.ts';
import { namespaces, type ResourceType } from '../../api/resources.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { KubeClient, ObjectKey } from '../../kube/client.ts';
import type { Clock, Timer } from '../../kube/clock.ts';
import type { Log } from '../../controllers/context.ts';
import { AlreadyExistsError, NotFoundError } from '../../kube/errors.ts';
import { applyErrors, isTerminating, isWorthAnotherTry, namesUnknownFields } from './apply-errors.ts';
import { Drift, type Drifted } from './drift.ts';
import { FolderWatch } from './folder-watch.ts';
import { formatManifestError, titleOf, type Manifest, type ManifestError } from './manifest.ts';
import { managedSecrets } from './managed-secrets.ts';
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
import { readFolder } from './read-folder.ts';
import { readManifests } from './read-manifests.ts';
import { ResourceTypes } from './resource-types.ts';
import { withoutStringData } from './secret-data.ts';

export const folderFieldManager = 'certwright-manifests';
const rescanMs = 5_000;
/** Editors and tools write in several steps; who never stops is not waited for. */
const debounceMs = 200;
const longestDebounceMs = 1_000;
const maxRetryMs = 15_000;
const parallel = 8;
/** So often in a row somebody else changed an object: somebody should know. */
const fightingTimes = 5;

export interface FolderOptions {
  folder: string;
  client: KubeClient;
  clock: Clock;
  /** 0 <= random() < 1. */
  random: () => number;
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
  /** The file that each applied object came from. */
  readonly #sources = new Map<ObjectId, string>();
  readonly #drift: Drift;
  readonly #watch: FolderWatch;
  /** What is applied again because somebody else changed it. */
  #drifted = new Map<ObjectId, Drifted>();
  #pruneHeld = false;
  #wake: () => void = () => {};
  #debounce: { timer: Timer; since: number } | undefined;
  #state: FolderState = { applied: 0, errors: [], settled: false };
  #signature = '';
  #told = new Set<string>();
  #retryMs = 250;

  constructor(options: FolderOptions) {
    this.#options = options;
    this.#types = new ResourceTypes(options.client);
    const { client, clock, random, log } = options;
    const touched = (): void => this.#touched();
    this.#drift = new Drift({
      client,
      clock,
      random,
      fieldManager: folderFieldManager,
      changed: touched,
      onError: (error) =>
        log.debug({ err: error }, 'looking for changes of what the folder applied: tried again'),
    });
    this.#watch = new FolderWatch(touched, (error) =>
      log.debug({ err: error }, 'the manifests folder cannot be watched; it is rescanned instead'),
    );
  }

  get state(): FolderState {
    return this.#state;
  }

  /** From now on what somebody else changes or deletes is applied again. */
  guard(signal: AbortSignal): void {
    this.#drift.start(signal);
  }

  /** Applies the folder, then follows it until `signal` aborts. Resolves when the last pass has ended. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, folder } = this.#options;
    const onAbort = (): void => this.#wake();
    signal.addEventListener('abort', onAbort);
    let found = false;
    while (!signal.aborted) {
      const next = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      let retry = true;
      let waitMs = rescanMs;
      try {
        if (!found) await this.#findApplied();
        found = true;
        const { due, nextInMs } = this.#drift.take();
        waitMs = Math.min(waitMs, nextInMs ?? waitMs);
        retry = await this.#pass(due);
      } catch (error) {
        if (signal.aborted) break;
        const message = messageOf(error);
        this.#report({ errors: [{ at: { file: folder, line: 1, column: 1 }, message }], retry: true });
      }
      this.#retryMs = retry ? Math.min(this.#retryMs * 2, maxRetryMs) : 250;
      const pause = clock.after(retry ? this.#retryMs : waitMs, () => this.#wake());
      await next;
      pause.cancel();
    }
    this.#debounce?.timer.cancel();
    signal.removeEventListener('abort', onAbort);
    this.#watch.close();
  }

  /** Something changed, in the folder or in the API: the next pass comes as soon as it is quiet. */
  #touched(): void {
    const { clock } = this.#options;
    const since = this.#debounce?.since ?? clock.now();
    this.#debounce?.timer.cancel();
    const left = Math.max(0, Math.min(debounceMs, since + longestDebounceMs - clock.now()));
    const timer = clock.after(left, () => {
      this.#debounce = undefined;
      this.#wake();
    });
    this.#debounce = { timer, since };
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
  async #pass(due: readonly Drifted[]): Promise<boolean> {
    for (const drifted of due) {
      if (!this.#applied.has(drifted.id)) continue;
      this.#applied.set(drifted.id, '');
      this.#drifted.set(drifted.id, drifted);
    }
    const { files, folders } = await readFolder(this.#options.folder);
    this.#watch.follow(folders);
    const signature = JSON.stringify(files.map(({ name, version }) => [name, version]));
    if (signature === this.#signature && this.#state.settled && this.#drifted.size === 0) return false;
    const { manifests, errors } = await readManifests(files);
    const broken = errors.length > 0;
    await this.#complete(manifests);
    const plan = planFolder(this.#applied, manifests, this.#sources);
    errors.push(...plan.errors);
    const managed = managedSecrets(manifests);
    errors.push(...managed.values());

    const ours = plan.apply.filter(({ id }) => !managed.has(id));
    let retry = await this.#applyAll(ours, errors);
    this.#drifted.clear();
    // A file that cannot be read right now may hold the very object: nothing is pruned until all files are sound.
    if (!broken) retry = (await this.#pruneAll(plan.prune, errors)) || retry;
    const held = broken && plan.prune.length > 0;
    if (held && !this.#pruneHeld) {
      const message = `${plan.prune.length} objects left the manifests folder, or are in what cannot be read: nothing is deleted until every file can be read`;
      this.#options.log.warn({}, message);
    }
    this.#pruneHeld = held;
    this.#signature = signature;
    this.#report({ errors, retry });
    return retry;
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
        const { field, message, hopeless } = this.#types.adviceFor(object.apiVersion, object.kind);
        const errors = [{ at: manifest.locate(field), object: titleOf(object), field, message }];
        return { errors, retry: !hopeless };
      }
      if (type.namespaced) {
        const refusal = await this.#ensureNamespace(manifest);
        if (refusal !== undefined) return refusal;
      }
      const labels = { ...object.metadata.labels, [appliedLabel]: appliedLabelValue };
      const marked = withoutStringData({ ...object, metadata: { ...object.metadata, labels } });
      const stored = await this.#options.client.apply(type, marked, {
        fieldManager: folderFieldManager,
        force: true,
        // A misspelt field would otherwise be dropped in silence.
        fieldValidation: 'Strict',
      });
      const known = this.#applied.get(id) !== undefined;
      this.#applied.set(id, hash);
      this.#sources.set(id, manifest.at.file);
      this.#drift.applied(id, type, stored);
      this.#refused.delete(id);
      this.#tellApplied(item, known, this.#found.get(id) === stored.metadata?.resourceVersion);
      return { errors: [], retry: false };
    } catch (error) {
      const namespace = object.metadata.namespace ?? '';
      // Somebody deleted it after we saw it.
      if (isTerminating(error) || error instanceof NotFoundError) this.#namespaces.delete(namespace);
      const type = namesUnknownFields(error)
        ? await this.#types.find(object.apiVersion, object.kind)
        : undefined;
      const errors = applyErrors(manifest, error, type && (await this.#types.schemaOf(type)));
      const retry = isWorthAnotherTry(error);
      if (!retry) this.#refused.set(id, { hash, errors });
      return { errors, retry };
    }
  }

  #tellApplied({ manifest, id }: Desired, known: boolean, unchanged: boolean): void {
    const { log } = this.#options;
    const title = titleOf(manifest.object);
    const where = { file: manifest.at.file, line: manifest.at.line };
    const drifted = this.#drifted.get(id);
    if (drifted !== undefined) {
      log.info(where, `applied ${title} again: ${drifted.why}`);
      if (drifted.times === fightingTimes) {
        const remedy =
          'change it in the folder, or take it out; until then it is applied again once a minute at most';
        log.warn(
          where,
          `${title} does not stay as the folder says: ${drifted.why}, ${drifted.times} times by now; ${remedy}`,
        );
      }
    } else if (unchanged) log.debug(where, `${title} is unchanged`);
    else log.info(where, `${known ? 'applied again' : 'applied'} ${title}`);
  }

  /** A folder for one machine should not fail for want of a Namespace manifest: missing ones are created. */
  async #ensureNamespace(manifest: Manifest): Promise<PassResult | undefined> {
    const name = manifest.object.metadata.namespace ?? 'default';
    if (this.#namespaces.has(name)) return undefined;
    try {
      const namespace: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
      await this.#options.client.create(namespaces, namespace, { fieldManager: folderFieldManager });
      this.#options.log.info({ namespace: name }, `created Namespace ${name}, which a manifest names`);
    } catch (error) {
      if (error instanceof AlreadyExistsError) {
        this.#namespaces.add(name);
        return undefined;
      }
      // The fault is said of the Namespace's name; in the file it stands elsewhere.
      const field = 'metadata.namespace';
      const errors = applyErrors(manifest, error).map((one) => ({
        ...one,
        at: manifest.locate(field),
        field,
      }));
      return { errors, retry: isWorthAnotherTry(error) };
    }
    this.#namespaces.add(name);
    return undefined;
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
          this.#forget(id);
          continue;
        }
        await this.#options.client.delete(type, key);
        this.#options.log.info(
          {},
          `deleted ${kind} ${key.namespace === undefined ? '' : `${namespace}/`}${name}: it left the manifests folder`,
        );
        this.#forget(id);
      } catch (error) {
        if (error instanceof NotFoundError) {
          this.#forget(id);
          continue;
        }
        retry = true;
        const message = `${kind} ${namespace}/${name} left the folder and cannot be deleted: ${messageOf(error)}`;
        errors.push({ at: { file: this.#options.folder, line: 1, column: 1 }, message });
      }
    }
    return retry;
  }

  #forget(id: ObjectId): void {
    this.#applied.delete(id);
    this.#sources.delete(id);
    this.#drift.forget(id);
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
