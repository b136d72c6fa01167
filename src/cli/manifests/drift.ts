/**
 * Notices when somebody else changes or deletes what the folder applied. The API server's own book tells: a field that
 * somebody else sets to another value, or removes, leaves our entry in `metadata.managedFields`. Status and fields that
 * no file names do not show there.
 */
import { createHash } from 'node:crypto';
import { certificateName } from '../../api/annotations.ts';
import type { KubeObject } from '../../api/meta.ts';
import { apiVersionOf, type ResourceType } from '../../api/resources.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Clock } from '../../kube/clock.ts';
import { runReflector } from '../../kube/reflector.ts';
import { appliedLabel, appliedLabelValue, idOf, type ObjectId } from './plan.ts';

/** How long an object is left alone after we set it right the first time in a row, and at most. */
const firstPauseMs = 1_000;
const longestPauseMs = 60_000;
/** So long without a change: the next one is the first in a row again. */
const quietMs = 10 * 60_000;

/** Who takes the label away is as good as gone for a watch that asks for the label. */
const deleted = `it was deleted, or its label ${appliedLabel} was`;

export interface DriftOptions {
  client: KubeClient;
  clock: Clock;
  random: () => number;
  fieldManager: string;
  /** Something is due, or will be. */
  changed: () => void;
  onError: (error: unknown) => void;
}

export interface Drifted {
  id: ObjectId;
  /** That it was deleted, or who changed it. */
  why: string;
  /** How often in a row. */
  times: number;
}

export class Drift {
  readonly #options: DriftOptions;
  /** What we own of each object since we applied it last. */
  readonly #owned = new Map<ObjectId, string>();
  readonly #types = new Set<ResourceType>();
  readonly #suspects = new Map<ObjectId, string>();
  readonly #fights = new Map<ObjectId, { times: number; at: number; notBefore: number }>();
  #signal: AbortSignal | undefined;

  constructor(options: DriftOptions) {
    this.#options = options;
  }

  /** Remembers what the API answered to an apply. */
  applied(id: ObjectId, type: ResourceType, stored: KubeObject): void {
    this.#owned.set(id, this.#ownedOf(stored));
    this.#suspects.delete(id);
    if (this.#types.has(type)) return;
    this.#types.add(type);
    if (this.#signal !== undefined) this.#follow(type, this.#signal);
  }

  forget(id: ObjectId): void {
    this.#owned.delete(id);
    this.#suspects.delete(id);
    this.#fights.delete(id);
  }

  /** Begins to look, at the kinds that were applied and those that will be. */
  start(signal: AbortSignal): void {
    this.#signal = signal;
    for (const type of this.#types) this.#follow(type, signal);
  }

  /** What has to be applied again now. Whoever keeps changing an object finds us slower and slower. */
  take(): { due: Drifted[]; nextInMs: number | undefined } {
    const now = this.#options.clock.now();
    for (const [id, { at }] of this.#fights) {
      if (Math.abs(now - at) > quietMs) this.#fights.delete(id);
    }
    const due: Drifted[] = [];
    let nextInMs: number | undefined;
    for (const [id, why] of this.#suspects) {
      const fight = this.#fights.get(id);
      const waitMs = Math.min((fight?.notBefore ?? now) - now, longestPauseMs);
      if (waitMs > 0) {
        nextInMs = Math.min(nextInMs ?? waitMs, waitMs);
        continue;
      }
      const times = (fight?.times ?? 0) + 1;
      const pauseMs = Math.min(firstPauseMs * 2 ** Math.min(times - 1, 16), longestPauseMs);
      this.#fights.set(id, { times, at: now, notBefore: now + pauseMs });
      this.#suspects.delete(id);
      due.push({ id, why, times });
    }
    return { due, nextInMs };
  }

  #follow(type: ResourceType, signal: AbortSignal): void {
    const { client, clock, random, onError } = this.#options;
    let listed = new Set<ObjectId>();
    const prefix = idOf(apiVersionOf(type), type.kind, undefined, '').slice(0, -1);
    const sink = {
      beginList: () => void (listed = new Set()),
      listed: (object: KubeObject) => {
        listed.add(this.see(type, object));
      },
      endList: () => {
        for (const id of this.#owned.keys()) {
          if (id.startsWith(prefix) && !listed.has(id)) this.#suspect(id, deleted);
        }
        listed = new Set();
      },
      event: ({ type: what, object }: { type: string; object: KubeObject }) => {
        if (what !== 'BOOKMARK') this.see(type, object, what === 'DELETED');
      },
    };
    const target = { type, metadataOnly: true, labelSelector: `${appliedLabel}=${appliedLabelValue}` };
    runReflector(client, target, sink, { clock, random, onError }, signal).catch(onError);
  }

  /** One object as the API has it now. Answers which it is. */
  see(type: ResourceType, object: KubeObject, gone = false): ObjectId {
    const { metadata } = object;
    const id = idOf(apiVersionOf(type), type.kind, metadata?.namespace, metadata?.name ?? '');
    const owned = this.#owned.get(id);
    if (owned === undefined) return id;
    // A Secret that a Certificate took over is no longer the folder's; what is being deleted cannot be set right yet.
    const left = type.kind === 'Secret' && metadata?.annotations?.[certificateName] !== undefined;
    if (left || (!gone && metadata?.deletionTimestamp !== undefined)) this.#suspects.delete(id);
    else if (gone) this.#suspect(id, deleted);
    else if (this.#ownedOf(object) === owned) this.#suspects.delete(id);
    else this.#suspect(id, `${this.#writerOf(object)} had changed it`);
    return id;
  }

  #suspect(id: ObjectId, why: string): void {
    this.#suspects.set(id, why);
    this.#options.changed();
  }

  #ownedOf({ metadata }: KubeObject): string {
    const entry = metadata?.managedFields?.find(
      ({ manager, operation, subresource }) =>
        manager === this.#options.fieldManager && operation === 'Apply' && (subresource ?? '') === '',
    );
    return createHash('sha256')
      .update(JSON.stringify(entry?.fieldsV1 ?? {}))
      .digest('base64')
      .slice(0, 16);
  }

  /** The field manager that wrote last, beside us and the controllers' status. */
  #writerOf({ metadata }: KubeObject): string {
    const others = (metadata?.managedFields ?? [])
      .filter(
        ({ manager, subresource }) => manager !== this.#options.fieldManager && (subresource ?? '') === '',
      )
      .toSorted((a, b) => ((a.time ?? '') < (b.time ?? '') ? 1 : -1));
    const name = others[0]?.manager;
    return name === undefined ? 'somebody' : `field manager ${JSON.stringify(name.slice(0, 128))}`;
  }
}
