/** Writes CA bundles into webhook configurations, APIServices and definitions that ask for one by annotation (spec §20-§22). */
import { cainjectorComponent } from '../../api/components.ts';
import type { Certificate } from '../../api/certificate.ts';
import type { KubeObject } from '../../api/meta.ts';
import { apiVersionOf, certificates, secrets, type ResourceType } from '../../api/resources.ts';
import { cacheKey, type Informer, type InformerOptions } from '../../kube/cache.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Clock } from '../../kube/clock.ts';
import { ConflictError, ForbiddenError, GoneError, NotFoundError } from '../../kube/errors.ts';
import { createInformer } from '../../kube/informer.ts';
import { createQueue } from '../../kube/queue.ts';
import { runWorkers, type Workers } from '../../kube/worker.ts';
import type { Log } from '../context.ts';
import { unobserved, type ControllersObserver } from '../observer.ts';
import { mergeBundle } from './merge-bundle.ts';
import { defaultCainjectorOptions, type CainjectorOptions } from './options.ts';
import type { Source } from './source.ts';
import { SourceReader, trimSecretMark, type CertificateMark, type SecretMark } from './source-reader.ts';
import { targetKinds, trimTarget, type Slot, type TargetFacts, type TargetKind } from './targets.ts';
import { upgradeOwnership } from './upgrade-ownership.ts';

export interface CainjectorInput {
  /** Its user agent should begin with `cert-manager-cainjector`. */
  client: KubeClient;
  clock: Clock;
  /** Uniform in [0, 1); for jitter only. */
  random: () => number;
  log: Log;
  options?: Partial<CainjectorOptions>;
  /** PEM of the CA that the connection to the API server trusts, for `inject-apiserver-ca`; asked anew each time. */
  serverCa?: () => Promise<string | undefined>;
  /** The server streams initial lists (`KubeConnection.streamingList`). False when absent. */
  streamingList?: boolean;
  /** For metrics; nobody when absent. */
  observer?: ControllersObserver;
}

export interface Cainjector {
  /**
   * Resolves when every cache is complete and work has begun. A kind that the server does not serve, or does not let us
   * read, is not waited for: it joins in when it is there. Rejects when stopped before.
   */
  synced: Promise<void>;
  /** Begins nothing new and waits for the work in flight. */
  stop(): Promise<void>;
}

/** Files with the CA of the API server change without telling anybody. */
const serverCaEveryMs = 600_000;

interface Watched {
  kind: TargetKind;
  informer: Informer<TargetFacts>;
}

/** One at a time in a cluster: the caller holds the lease `cert-manager-cainjector-leader-election`. */
export function startCainjector(input: CainjectorInput): Cainjector {
  const { client, clock, random, log } = input;
  const options: CainjectorOptions = { ...defaultCainjectorOptions, ...input.options };
  const observer = (input.observer ?? unobserved).work('cainjector');
  const queue = createQueue({ clock, observer });
  const stopping = new AbortController();
  const ready: Promise<void>[] = [];

  /** `optional`: the rest begins without it when the server refuses to show it. */
  const watch = <T>(type: ResourceType, settings: InformerOptions<T>, optional: boolean): Informer<T> => {
    const refused = Promise.withResolvers<void>();
    const informer = createInformer<T>(client, type, settings, {
      clock,
      random,
      streamingList: input.streamingList,
      onError: (err, retryInMs) => {
        const absent = err instanceof NotFoundError;
        if (absent || (optional && err instanceof ForbiddenError)) refused.resolve();
        const level = absent || err instanceof GoneError ? 'debug' : 'warn';
        log[level](
          { err, resource: type.plural, retryInMs: Math.round(retryInMs) },
          'a watch or list of CA injection failed; it is tried again',
        );
      },
      onBadObject: (err, object) =>
        log.error({ err, resource: type.plural, object }, 'object could not be read; it is ignored'),
    });
    const started = (): Promise<void> => Promise.race([informer.start(stopping.signal), refused.promise]);
    // Begun after every handler is in place.
    ready.push(Promise.resolve().then(started));
    return informer;
  };

  const { namespace } = options;
  const secretMarks = watch<SecretMark>(
    secrets,
    { namespace, metadataOnly: true, trim: trimSecretMark },
    false,
  );
  const certificateMarks = options.certificates
    ? watch<CertificateMark>(certificates, { namespace, trim: trimCertificate }, false)
    : undefined;
  const targets = new Map<string, Watched>(
    targetKinds
      .filter(({ option }) => options[option])
      .map((kind) => {
        const trim = (object: KubeObject): TargetFacts => trimTarget(kind, object);
        const informer = watch<TargetFacts>(kind.resource, { trim, indexes: { source: sourceKeys } }, true);
        return [kind.resource.plural, { kind, informer }];
      }),
  );
  const reader = new SourceReader({
    client,
    options,
    secrets: secretMarks,
    certificates: certificateMarks ?? nothing,
    serverCa: input.serverCa ?? (() => Promise.resolve(undefined)),
  });

  for (const [plural, { informer }] of targets) {
    informer.onChange(({ current, relisted }) => {
      if (current?.source !== undefined) queue.add(`${plural}/${current.name}`, { relisted });
    });
  }
  const wake = (source: string, relisted: boolean): void => {
    for (const [plural, { informer }] of targets)
      for (const { name } of informer.byIndex('source', source)) queue.add(`${plural}/${name}`, { relisted });
  };
  secretMarks.onChange(({ key, previous, current, relisted }) => {
    wake(`secret/${key}`, relisted);
    for (const owner of new Set([previous?.certificate, current?.certificate])) {
      const space = (current ?? previous)?.namespace;
      if (owner !== undefined && owner !== '') wake(`certificate/${cacheKey(space, owner)}`, relisted);
    }
  });
  certificateMarks?.onChange(({ key, previous, current, relisted }) => {
    if (previous?.secretName !== current?.secretName) wake(`certificate/${key}`, relisted);
  });

  const inject = async (
    { kind, informer }: Watched,
    target: TargetFacts,
    source: Source,
  ): Promise<string | undefined> => {
    const read = await reader.read(source);
    if ('why' in read) return read.why;
    const slots: Slot[] = [];
    let changes = target.legacyFields !== undefined;
    for (const slot of target.slots) {
      const merged = mergeBundle(Buffer.from(slot.caBundle, 'base64'), read.pem, clock.now());
      if (merged.kind === 'refused') return `the CA cannot be trusted as it is: ${merged.why}`;
      if (merged.kind === 'write') changes = true;
      const caBundle = merged.kind === 'write' ? Buffer.from(merged.pem).toString('base64') : slot.caBundle;
      slots.push({ ...slot, caBundle });
    }
    if (!changes || slots.length === 0) return undefined;
    const { name, uid, legacyFields } = target;
    if (legacyFields !== undefined) {
      const patch = upgradeOwnership(legacyFields, target.resourceVersion);
      await client.patch(kind.resource, { name }, 'json', patch, { fieldManager: cainjectorComponent });
    }
    const written = await client.apply<KubeObject>(
      kind.resource,
      {
        apiVersion: apiVersionOf(kind.resource),
        kind: kind.resource.kind,
        // With the uid an object that was deleted meanwhile is a conflict, and is not made anew.
        metadata: { name, uid },
        ...kind.fieldsOf(slots),
      },
      { fieldManager: cainjectorComponent, force: true },
    );
    informer.observe(written);
    log.info({ target: `${kind.resource.plural}/${name}`, source: textOf(source) }, 'CA injected');
    return undefined;
  };

  const reconcile = async (key: string): Promise<{ after: number } | void> => {
    const slash = key.indexOf('/');
    const watched = targets.get(key.slice(0, slash));
    const target = watched?.informer.get(key.slice(slash + 1));
    if (watched === undefined || target?.source === undefined || target.deleting) return;
    try {
      const why = await inject(watched, target, target.source);
      if (why !== undefined)
        log.warn({ target: key, source: textOf(target.source) }, `CA not injected: ${why}`);
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      log.debug({ target: key, err: error }, 'was deleted meanwhile');
    }
    if (target.source.kind === 'apiserver') return { after: serverCaEveryMs };
  };

  let workers: Workers | undefined;
  const synced = Promise.all(ready).then(() => {
    stopping.signal.throwIfAborted();
    workers = runWorkers(queue, reconcile, {
      clock,
      workers: options.concurrency,
      observer,
      onResult: ({ key, outcome, error, nextMs }) => {
        if (outcome === 'done') return;
        const level = outcome === 'conflict' || error instanceof ConflictError ? 'debug' : 'error';
        log[level]({ target: key, err: error, retryInMs: nextMs }, 'the CA could not be injected');
      },
    });
  });
  // Whoever does not wait for `synced` must not be ended by its rejection on stop.
  synced.catch(() => undefined);
  return {
    synced,
    async stop() {
      if (workers === undefined) queue.shutDown();
      await workers?.stop();
      stopping.abort(new Error('CA injection is being stopped'));
    },
  };
}

const nothing = {
  get: () => undefined,
  values: () => [][Symbol.iterator](),
  size: 0,
  byIndex: () => [],
  synced: true,
};

function trimCertificate(object: KubeObject): CertificateMark {
  const { metadata, spec } = object as Certificate;
  return { namespace: metadata?.namespace ?? '', name: metadata?.name ?? '', secretName: spec.secretName };
}

/** Values of the index by which a source's change finds its targets: work grows with those, not with all there are. */
function sourceKeys({ source }: TargetFacts): string[] {
  return source === undefined || source.kind === 'invalid' || source.kind === 'apiserver'
    ? []
    : [`${source.kind}/${cacheKey(source.namespace, source.name)}`];
}

function textOf(source: Source): string {
  if (source.kind === 'invalid') return source.annotation;
  return source.kind === 'apiserver' ? 'API server' : `${source.kind} ${source.namespace}/${source.name}`;
}
