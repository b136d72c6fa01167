/** Finds, makes and deletes the objects of one Challenge. Only those that the Challenge controls are touched (design §11). */
import { controllingOwner } from '../../api/controlling-owner.ts';
import type { Challenge } from '../../api/challenge.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { ResourceType } from '../../api/resources.ts';
import { cacheKey, type Informer } from '../../kube/cache.ts';
import type { KubeClient } from '../../kube/client.ts';
import { ConflictError, NotFoundError } from '../../kube/errors.ts';
import { SolverUnavailableError } from '../errors.ts';
import { fieldManager, identityLabels } from './identity.ts';
import { byChallenge } from './solver-caches.ts';

/** More than one of a kind are duplicates, and a thousand a fault: the next attempt sees to the rest. */
const mostFound = 100;
const duplicateRetryMs = 1_000;

export interface SolverKind<T extends KubeObject> {
  type: ResourceType;
  /** Absent, or not complete yet: the API server is asked. */
  cache?: Informer<T>;
}

export interface Reach {
  client: KubeClient;
  challenge: Challenge;
  signal?: AbortSignal;
}

/** Those that carry the labels of the Challenge and are controlled by it, and are not on their way out. */
export async function findOwn<T extends KubeObject>(kind: SolverKind<T>, reach: Reach): Promise<T[]> {
  const { challenge } = reach;
  const labels = identityLabels(challenge);
  const isOwn = ({ metadata }: KubeObject): boolean =>
    metadata?.namespace === challenge.metadata?.namespace &&
    metadata?.deletionTimestamp === undefined &&
    Object.entries(labels).every(([key, value]) => metadata?.labels?.[key] === value);
  return (await controlledBy(kind, reach, labels)).filter(isOwn);
}

async function controlledBy<T extends KubeObject>(
  { type, cache }: SolverKind<T>,
  { client, challenge, signal }: Reach,
  labels: Record<string, string>,
): Promise<T[]> {
  const uid = challenge.metadata?.uid ?? '';
  if (cache?.synced === true) return [...cache.byIndex(byChallenge, uid)];
  const { items } = await client.list<T>(type, {
    namespace: challenge.metadata?.namespace ?? '',
    labelSelector: Object.entries(labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
    limit: mostFound,
    ...(signal === undefined ? {} : { signal }),
  });
  return items.filter((object) => controllingOwner(object.metadata)?.uid === uid);
}

/**
 * The one that is there, or a new one.
 * @throws SolverUnavailableError after it has deleted several: which of them a route leads to nobody can say
 */
export async function ensureOne<T extends KubeObject>(
  kind: SolverKind<T>,
  reach: Reach,
  make: () => T,
): Promise<T> {
  const found = await findOwn(kind, reach);
  if (found.length > 1) {
    await deleteAll(kind.type, found, reach);
    throw again(
      `multiple existing challenge solver ${kind.type.plural} found and cleaned up. retrying challenge sync`,
    );
  }
  return found[0] ?? create(kind, reach, make());
}

export async function create<T extends KubeObject>(
  { type, cache }: SolverKind<T>,
  { client, signal }: Reach,
  object: T,
): Promise<T> {
  const created = await client.create<T>(type, object, writing(signal));
  // The next look must see it, however far behind the watch is: it would be made twice.
  cache?.observe(created);
  return created;
}

/** @throws SolverUnavailableError when somebody else wrote in between */
export async function replace<T extends KubeObject>(
  { type, cache }: SolverKind<T>,
  { client, signal }: Reach,
  object: T,
): Promise<T> {
  try {
    const updated = await client.update<T>(type, object, writing(signal));
    cache?.observe(updated);
    return updated;
  } catch (error) {
    if (error instanceof ConflictError)
      throw again(
        `${type.kind} ${nameOf(object)} was changed by somebody else at the same moment; it is tried again`,
      );
    throw error;
  }
}

/** One that is gone already, or has been replaced by another of its name, is no error. */
export async function deleteAll(
  type: ResourceType,
  objects: readonly KubeObject[],
  { client, signal }: Pick<Reach, 'client' | 'signal'>,
): Promise<void> {
  await Promise.all(
    objects.map(async ({ metadata = {} }) => {
      const { namespace = '', name = '', uid } = metadata;
      try {
        await client.delete(
          type,
          { namespace, name },
          {
            propagationPolicy: 'Background',
            ...(uid === undefined ? {} : { preconditions: { uid } }),
            ...(signal === undefined ? {} : { signal }),
          },
        );
      } catch (error) {
        if (!(error instanceof NotFoundError || error instanceof ConflictError)) throw error;
      }
    }),
  );
}

export function again(message: string): SolverUnavailableError {
  return new SolverUnavailableError(message, { retryAfterMs: duplicateRetryMs });
}

function writing(signal: AbortSignal | undefined): { fieldManager: string; signal?: AbortSignal } {
  return { fieldManager, ...(signal === undefined ? {} : { signal }) };
}

function nameOf({ metadata = {} }: KubeObject): string {
  return cacheKey(metadata.namespace, metadata.name ?? '');
}
