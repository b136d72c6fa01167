/** Carries a decision out: one request for each Certificate that is made, changed or deleted, and none for one that fits. */
import { controllingOwner } from '../../api/controlling-owner.ts';
import type { Certificate } from '../../api/certificate.ts';
import type { Component } from '../../api/components.ts';
import { certificates } from '../../api/resources.ts';
import { cacheKey } from '../../kube/cache.ts';
import { AlreadyExistsError, KubeError, NotFoundError } from '../../kube/errors.ts';
import type { ControllerContext } from '../context.ts';
import { difference, patchOf, type Doubt } from './difference.ts';
import type { Change, ShimDecision } from './decide.ts';
import { isOwnedAlone, setAt } from './field-tree.ts';
import type { Restraint } from './restraint.ts';
import { keyOf, type ShimObject } from './shim-object.ts';
import type { WantedCertificate } from './wanted-certificate.ts';

export interface ActContext extends Pick<ControllerContext, 'client' | 'informers' | 'log'> {
  readonly component: Component;
  readonly options: { readonly extraCertificateAnnotations: readonly string[] };
  readonly restraint: Restraint;
  /** Certificate `namespace/name` -> doubts that were looked into and turned out to be somebody else's. */
  readonly settled: Map<string, string>;
  /** Certificate `namespace/name` -> uid of the one that we deleted, while the cache still has it. */
  readonly removed: Map<string, string | undefined>;
  event(object: ShimObject, type: 'Normal' | 'Warning', reason: string, message: string): void;
}

export interface Outcome {
  /** Milliseconds until something that is held back may be tried. */
  after?: number;
  /** The cache was behind: decide again at once. */
  again: boolean;
  /** The first failure; the rest of the decision was carried out all the same. */
  failure?: unknown;
}

export async function act(
  context: ActContext,
  object: ShimObject,
  decision: ShimDecision,
  signal: AbortSignal,
): Promise<Outcome> {
  const outcome: Outcome = { again: false };
  const attempt = async (name: string, work: () => Promise<void>): Promise<void> => {
    if (signal.aborted) return;
    try {
      await work();
    } catch (error) {
      if (isRefusal(error))
        context.event(
          object,
          'Warning',
          'BadConfig',
          `The API server refused Certificate "${name}": ${error.message}`,
        );
      outcome.failure ??= error;
    }
  };
  const held = (name: string): boolean => {
    const wait = context.restraint.waitMs(keyOf(object), object.resourceVersion, name);
    if (wait > 0) outcome.after = Math.min(outcome.after ?? wait, wait);
    return wait > 0;
  };
  for (const wanted of decision.create) {
    if (!held(wanted.name)) await attempt(wanted.name, () => create(context, object, wanted, outcome));
  }
  for (const change of decision.change) {
    if (!held(change.wanted.name)) await attempt(change.wanted.name, () => update(context, object, change));
  }
  for (const certificate of decision.remove) {
    const { name = '' } = certificate.metadata ?? {};
    await attempt(name, () => remove(context, object, certificate));
  }
  return outcome;
}

/** What only a change of the object, of the Certificate or of somebody's policy can heal: its owner has to hear of it. */
function isRefusal(error: unknown): error is KubeError {
  return (
    error instanceof KubeError &&
    !error.retryable &&
    !error.namespaceTerminating &&
    ['kube/invalid', 'kube/bad-request', 'kube/forbidden', 'kube/too-large'].includes(error.code)
  );
}

async function create(
  context: ActContext,
  object: ShimObject,
  wanted: WantedCertificate,
  outcome: Outcome,
): Promise<void> {
  const { client, informers, component, restraint } = context;
  const key = { namespace: wanted.namespace, name: wanted.name };
  try {
    const created = await client.create<Certificate>(certificates, manifest(wanted), {
      fieldManager: component,
    });
    informers.certificates.observe(created);
  } catch (error) {
    if (!(error instanceof AlreadyExistsError)) throw error;
    informers.certificates.observe(await client.get<Certificate>(certificates, key));
    // Counted like a write: a Certificate that the cache cannot hold (one without a spec) would have us ask without end.
    restraint.wrote(keyOf(object), object.resourceVersion, wanted.name);
    outcome.again = true;
    return;
  }
  restraint.wrote(keyOf(object), object.resourceVersion, wanted.name);
  say(context, object, 'CreateCertificate', `Successfully created Certificate "${wanted.name}"`, wanted.name);
}

function manifest({ namespace, name, labels, annotations, owner, spec }: WantedCertificate): Certificate {
  return {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: {
      name,
      namespace,
      ...(labels.size === 0 ? {} : { labels: Object.fromEntries(labels) }),
      ...(annotations.size === 0 ? {} : { annotations: Object.fromEntries(annotations) }),
      ownerReferences: [owner],
    },
    spec,
  };
}

/**
 * A merge patch of nothing but the fields that differ: what others wrote beside them stays, and a status written at the
 * same time is no conflict. The uid keeps it from a namesake.
 */
async function update(context: ActContext, object: ShimObject, change: Change): Promise<void> {
  const { client, informers, component, restraint, settled } = context;
  const { name } = change.wanted;
  const key = cacheKey(object.namespace, name);
  let { actual } = change;
  let changes: readonly Doubt[] = change.difference.wrong;
  let doubts: readonly Doubt[] = [];
  const question = digest(change);
  if (change.difference.doubts.length > 0 && settled.get(key) !== question) {
    // The cache keeps no managed fields: of ten thousand Certificates a handful is ever asked about.
    actual = await client.get<Certificate>(certificates, { namespace: object.namespace, name });
    if (controllingOwner(actual.metadata)?.uid !== object.uid) {
      informers.certificates.observe(actual);
      return;
    }
    const found = difference(actual, change.wanted, context.options.extraCertificateAnnotations);
    changes = found.wrong;
    doubts = found.doubts.filter(({ path }) => isOwnedAlone(actual.metadata?.managedFields, component, path));
  }
  if (changes.length === 0 && doubts.length === 0) {
    settled.set(key, question);
    return;
  }
  const patch = patchOf(actual, [...changes, ...doubts]);
  setAt(patch, ['metadata', 'uid'], actual.metadata?.uid);
  // Whether a value is ours was seen at this version: somebody may have made it theirs since.
  if (doubts.length > 0) setAt(patch, ['metadata', 'resourceVersion'], actual.metadata?.resourceVersion);
  let written: Certificate;
  try {
    written = await client.patch<Certificate>(
      certificates,
      { namespace: object.namespace, name },
      'merge',
      patch,
      { fieldManager: component },
    );
  } catch (error) {
    if (error instanceof NotFoundError) return;
    throw error;
  }
  settled.delete(key);
  informers.certificates.observe(written);
  restraint.wrote(keyOf(object), object.resourceVersion, name);
  say(context, object, 'UpdateCertificate', `Successfully updated Certificate "${name}"`, name);
}

function digest({ actual, difference: { doubts } }: Change): string {
  return JSON.stringify([actual.metadata?.uid, actual.metadata?.generation, doubts]);
}

async function remove(context: ActContext, object: ShimObject, certificate: Certificate): Promise<void> {
  const { name = '', uid } = certificate.metadata ?? {};
  const key = cacheKey(object.namespace, name);
  if (context.removed.has(key) && context.removed.get(key) === uid) return;
  try {
    await context.client.delete(
      certificates,
      { namespace: object.namespace, name },
      { preconditions: uid === undefined ? undefined : { uid } },
    );
  } catch (error) {
    if (error instanceof NotFoundError) return;
    throw error;
  }
  if (context.informers.certificates.get(key) !== undefined) context.removed.set(key, uid);
  say(context, object, 'DeleteCertificate', `Successfully deleted unrequired Certificate "${name}"`, name);
}

function say(context: ActContext, object: ShimObject, reason: string, message: string, name: string): void {
  context.event(object, 'Normal', reason, message);
  context.log.info({ [object.kind.toLowerCase()]: keyOf(object), certificate: name, reason }, message);
}
