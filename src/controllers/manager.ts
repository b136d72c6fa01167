/** Starts every controller over one set of shared watches. */
import { controllingOwner } from '../api/controlling-owner.ts';
import type { OrderBudget } from '../acme/budget/order-budget.ts';
import type { Order } from '../api/order.ts';
import type { CertificateRequest } from '../api/certificate-request.ts';
import type { Certificate } from '../api/certificate.ts';
import type { KubeObject, OwnerReference } from '../api/meta.ts';
import { certificateSteps, type ControllerName } from '../api/components.ts';
import {
  certificateRequests,
  certificates,
  challenges,
  clusterIssuers,
  issuers,
  orders,
  secrets,
} from '../api/resources.ts';
import type { Challenge } from '../api/challenge.ts';
import type { ClusterIssuer, Issuer } from '../api/issuer.ts';
import { CsrReader } from '../pki/x509/csr-reader.ts';
import type { OpenAccount } from '../issuers/acme/account-shelf.ts';
import { openAccounts } from '../issuers/acme/open-account.ts';
import type { AcmeSurroundings } from '../issuers/acme/surroundings.ts';
import { orderAddresses, trimOrder, type OrderFacts } from '../issuers/acme/order-facts.ts';
import type { IssuerTypes } from '../issuers/registry.ts';
import { cacheKey, type Informer } from '../kube/cache.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Clock } from '../kube/clock.ts';
import { createEventRecorder } from '../kube/events.ts';
import { GoneError } from '../kube/errors.ts';
import { FreshObjects } from '../kube/fresh-objects.ts';
import { createInformer, type InformerDeps } from '../kube/informer.ts';
import { labelKeys } from './certificate/constants.ts';
import { certificateOwner, startCertificateController } from './certificate/controller.ts';
import type { Decision } from './certificate/decision.ts';
import { KeyFacts } from './certificate/key-facts.ts';
import { replacesFor } from './certificate/renewal-info/replaces.ts';
import { createRequestFactsBook, type RequestFactsBook } from './certificate/request-trim.ts';
import { trimSecret, trimSecretMetadata } from './certificate/secret-trim.ts';
import { startCertificateRequestController } from './certificaterequest/controller.ts';
import { acmeSurroundings } from './acme-surroundings.ts';
import { createClaims } from './claims.ts';
import {
  defaultControllerOptions,
  issuerIndexKey,
  runsAcme,
  signsFor,
  type ControllerContext,
  type ControllerOptions,
  type Log,
  type RunningController,
  type SharedInformers,
} from './context.ts';
import { startClusterIssuerController, startIssuerController } from './issuer/controller.ts';
import type { ControllerModule } from './module.ts';
import { unobserved, type ControllersObserver } from './observer.ts';

export interface ControllersInput {
  client: KubeClient;
  clock: Clock;
  /** Uniform in [0, 1); for jitter only, never for keys. */
  random: () => number;
  log: Log;
  options?: Partial<ControllerOptions>;
  issuerTypes: IssuerTypes;
  /** Controllers beside those of Certificates, CertificateRequests and issuers, already chosen by their names. */
  modules?: readonly ControllerModule[];
  /** Shared with `issuerTypes` and admission where they are part of the same process. */
  csrs?: CsrReader;
  /** Told what happens, for metrics; absent: nobody is. */
  observer?: ControllersObserver;
  /** Certificates are explained and not worked on; everything else is. For dry runs, which must not generate keys. */
  holdCertificates?: boolean;
  /** Makes the clients of ACME accounts; absent: straight over the network. Processes add user agent, proxies and metrics; tests and dry runs bring their own. */
  openAccount?: OpenAccount;
  /** Why this process cannot use a solver of an ACME issuer; absent: it can use all. */
  solverObjection?: AcmeSurroundings['solverObjection'];
  /** The ledger of CA limits: what may be ordered, and when. Absent: the CA's own limits are the only ones. */
  budget?: OrderBudget;
  /** The server streams initial lists (`KubeConnection.streamingList`). False when absent. */
  streamingList?: boolean;
}

export interface Controllers {
  /** Resolves when every cache is complete and work has begun. Rejects when stopped before. */
  synced: Promise<void>;
  /** Begins nothing new, waits for the work in flight and for events still to be sent. */
  stop(): Promise<void>;
  /** What would be done about Certificate `namespace/name` now, and why; undefined when there is none, or others do it. */
  explain(key: string): Promise<Decision | undefined>;
  /** The caches, for whoever shows or exports what is there. Read only. */
  informers: SharedInformers;
}

export function startControllers(input: ControllersInput): Controllers {
  const { client, clock, random, log, issuerTypes, observer = unobserved } = input;
  const abort = new AbortController();
  const csrs = input.csrs ?? new CsrReader();
  const book = createRequestFactsBook(csrs);
  const keyFacts = new KeyFacts();
  const options: ControllerOptions = { ...defaultControllerOptions, ...input.options };
  const deps: InformerDeps = {
    clock,
    random,
    streamingList: input.streamingList,
    // Forgotten history is the server's housekeeping; anything else keeps us blind until it is mended.
    onError(err, retryInMs, resource) {
      observer.watchFailed(resource, err);
      log[err instanceof GoneError ? 'debug' : 'warn'](
        { err, resource, retryInMs: Math.round(retryInMs) },
        'a watch or list failed; it is tried again',
      );
    },
    onBadObject: (err, key) => log.error({ err, object: key }, 'object could not be read; it is ignored'),
  };
  const answers = new FreshObjects<CertificateRequest>();
  let isComplete = false;
  const informers = sharedInformers(client, book, keyFacts, options.namespace, deps, {
    request: (object) => isComplete && answers.keep(object),
    order: (object) => isComplete && acme.orders.keep?.(object),
  });
  const events = createEventRecorder({
    client,
    clock,
    onError: (err, event) => log.debug({ err, reason: event.reason }, 'event could not be written'),
  });
  observer.events(events.counts);
  for (const [name, cache] of Object.entries(informers) as [string, Informer<unknown>][])
    observer.cache(name, cache);
  const complete = Promise.withResolvers<void>();
  const source = {
    client,
    clusterResourceNamespace: options.clusterResourceNamespace,
    now: () => new Date(clock.now()),
    secretVersion: (namespace: string, name: string) => {
      const key = cacheKey(namespace, name);
      return (informers.secrets.get(key) ?? informers.otherSecrets.get(key))?.resourceVersion;
    },
  };
  const acme: AcmeSurroundings = {
    ...acmeSurroundings(
      source,
      informers.orders,
      input.openAccount ?? openAccounts({ userAgent: 'certwright', now: () => clock.now(), random }),
    ),
    replacesFor: replacesFor({ informers, options }),
    ...(input.budget === undefined ? {} : { budget: input.budget }),
    ...(input.solverObjection === undefined ? {} : { solverObjection: input.solverObjection }),
  };
  const context: ControllerContext = {
    client,
    clock,
    random,
    log,
    options,
    issuerTypes,
    informers,
    synced: complete.promise,
    watch: (resource, settings) => {
      const informer = createInformer(client, resource, settings, deps);
      observer.cache(resource.plural, informer);
      return informer;
    },
    claims: createClaims(),
    answers,
    acme,
    acmeAccounts: acme.accounts,
    events,
    observer,
  };
  const runs = (name: ControllerName): boolean => !options.disabled.has(name);
  const certificateController = certificateSteps.some(runs)
    ? startCertificateController(
        context,
        book,
        input.holdCertificates === true ? new Promise(() => undefined) : complete.promise,
        abort.signal,
        { csrs, keyFacts },
      )
    : undefined;
  const modules = (input.modules ?? []).map((module) => module.start(context, abort.signal));
  const running: RunningController[] = [...modules];
  if (certificateController !== undefined) running.push(certificateController);
  if (options.approve || issuerTypes.all.some(({ component }) => signsFor(options, component)))
    running.push(startCertificateRequestController(context, abort.signal));
  if (runs('issuers')) running.push(startIssuerController(context, abort.signal));
  const watches = new AbortController();
  const {
    clusterIssuers: clusterWide,
    orders: acmeOrders,
    challenges: acmeChallenges,
    ...always
  } = informers;
  const watched: Informer<unknown>[] = [
    ...Object.values<Informer<unknown>>(always),
    ...(runsAcme(options) ? [acmeOrders, acmeChallenges] : []),
    ...modules.flatMap((module) => module.informers),
  ];
  if (options.namespace === undefined) {
    if (runs('clusterissuers')) running.push(startClusterIssuerController(context, abort.signal));
    // Whoever serves one namespace is given no right to read what is cluster-scoped.
    watched.push(clusterWide);
  }
  const synced = Promise.all(watched.map((informer) => informer.start(watches.signal))).then(() => {
    isComplete = true;
    complete.resolve();
  });
  // Whoever does not wait for `synced` must not be ended by its rejection on stop.
  synced.catch(() => undefined);
  return {
    synced,
    informers,
    explain: (key) => certificateController?.explain(key) ?? Promise.resolve(undefined),
    async stop() {
      abort.abort();
      await Promise.all(running.map((controller) => controller.stopped));
      await events.flush();
      watches.abort(new Error('the controllers are being stopped'));
    },
  };
}

/** Told of whole objects of which the caches keep facts: what was dropped is wanted once, by whoever hears of it now. */
interface FreshAnswers {
  request(object: CertificateRequest): void;
  order(object: Order): void;
}

function sharedInformers(
  client: KubeClient,
  book: RequestFactsBook,
  keyFacts: KeyFacts,
  namespace: string | undefined,
  deps: InformerDeps,
  fresh: FreshAnswers,
): SharedInformers {
  // Ownership does not cross namespaces: without the namespace, whoever writes elsewhere could pose as part of an issuance.
  const owner = (space: string, references: readonly OwnerReference[] | undefined): string[] => {
    const uid = certificateOwner(references)?.uid;
    return uid === undefined ? [] : [cacheKey(space, uid)];
  };
  return {
    certificates: createInformer<Certificate>(
      client,
      certificates,
      {
        namespace,
        trim: (object) => withoutManagedFields(object) as Certificate,
        indexes: {
          secretName: ({ metadata, spec }) => [cacheKey(metadata?.namespace, spec.secretName)],
          issuer: ({ metadata, spec }) => [issuerIndexKey(metadata?.namespace ?? '', spec.issuerRef)],
        },
      },
      deps,
    ),
    certificateRequests: createInformer(
      client,
      certificateRequests,
      {
        namespace,
        trim: (object) => {
          const request = book.trim(object);
          if (request.status?.certificate === '') fresh.request(object as CertificateRequest);
          return request;
        },
        indexes: {
          owner: ({ metadata }) => owner(metadata?.namespace ?? '', metadata?.ownerReferences),
          issuer: ({ metadata, spec }) => [issuerIndexKey(metadata?.namespace ?? '', spec.issuerRef)],
        },
      },
      deps,
    ),
    secrets: createInformer(
      client,
      secrets,
      {
        namespace,
        trim: (object) => trimSecret(object, keyFacts),
        labelSelector: `${labelKeys.filtered}=true`,
        indexes: { owner: (secret) => owner(secret.namespace, secret.ownerReferences) },
      },
      deps,
    ),
    otherSecrets: createInformer(
      client,
      secrets,
      { namespace, trim: trimSecretMetadata, labelSelector: `!${labelKeys.filtered}`, metadataOnly: true },
      deps,
    ),
    issuers: createInformer<Issuer>(
      client,
      issuers,
      { namespace, trim: (object) => withoutManagedFields(object) as Issuer },
      deps,
    ),
    clusterIssuers: createInformer<ClusterIssuer>(
      client,
      clusterIssuers,
      { trim: (object) => withoutManagedFields(object) as ClusterIssuer },
      deps,
    ),
    orders: createInformer<OrderFacts>(
      client,
      orders,
      {
        namespace,
        trim: (object) => {
          const order = trimOrder(object);
          if (order.issued) fresh.order(object as Order);
          return order;
        },
        indexes: { owner: controlledBy, issuer: byIssuer, ...orderAddresses },
      },
      deps,
    ),
    challenges: createInformer<Challenge>(
      client,
      challenges,
      {
        namespace,
        trim: (object) => withoutManagedFields(object) as Challenge,
        indexes: { owner: controlledBy, issuer: byIssuer },
      },
      deps,
    ),
  };
}

/** Of Orders and Challenges, whatever kind their controller is. Ownership does not cross namespaces here either. */
function controlledBy({ metadata }: KubeObject): string[] {
  const uid = controllingOwner(metadata)?.uid;
  return uid === undefined ? [] : [cacheKey(metadata?.namespace, uid)];
}

function byIssuer({ metadata, spec }: OrderFacts | Challenge): string[] {
  return [issuerIndexKey(metadata?.namespace ?? '', spec.issuerRef)];
}

/** The resource asked for decides the kind: what the server sends for it is of that kind. */
function withoutManagedFields(object: KubeObject): KubeObject {
  if (object.metadata?.managedFields === undefined) return object;
  const { managedFields: _dropped, ...metadata } = object.metadata;
  return { ...object, metadata };
}
