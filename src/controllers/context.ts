/** What every controller is handed: the API client, shared caches, time, randomness, and the options they agree on. */
import type { Certificate } from '../api/certificate.ts';
import type { CertificateRequest } from '../api/certificate-request.ts';
import type { ControllerName } from '../api/components.ts';
import type { Challenge } from '../api/challenge.ts';
import type { ClusterIssuer, Issuer } from '../api/issuer.ts';
import type { AcmeAccounts } from '../issuers/acme/accounts.ts';
import type { OrderFacts } from '../issuers/acme/order-facts.ts';
import type { AcmeSurroundings } from '../issuers/acme/surroundings.ts';
import type { IssuerTypes } from '../issuers/registry.ts';
import type { Informer, InformerOptions } from '../kube/cache.ts';
import type { KubeClient } from '../kube/client.ts';
import type { FreshObjects } from '../kube/fresh-objects.ts';
import type { Clock } from '../kube/clock.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { ResourceType } from '../api/resources.ts';
import type { SecretFacts } from './certificate/secret-facts.ts';
import type { Claims } from './claims.ts';
import type { ControllersObserver } from './observer.ts';

/** pino's shape, reduced to what we call. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface ControllerOptions {
  /** Where the Secrets of ClusterIssuers live (lifecycle §2). */
  clusterResourceNamespace: string;
  /** Target Secrets get a controller owner reference to their Certificate. */
  enableCertificateOwnerRef: boolean;
  /** Prefix list of lifecycle §11: which annotations of a Certificate reach its CertificateRequests. */
  copiedAnnotationPrefixes: readonly string[];
  /** Milliseconds (lifecycle §8). */
  minBackoffMs: number;
  maxBackoffMs: number;
  /** Certificates (and requests, and issuers) worked on at the same time. */
  concurrency: number;
  /** We approve requests ourselves. False: somebody else does, and there is no fast path. */
  approve: boolean;
  /** The one namespace that is served; absent: all of them. With it there are no ClusterIssuers (lifecycle §1, §12). */
  namespace?: string;
  /** Controllers that somebody else runs (`--controllers`). The steps of a Certificate are off when all of theirs are. */
  disabled: ReadonlySet<ControllerName>;
  /** How long a Certificate waits for an issuer that is not (yet) there before it takes the durable path. Milliseconds. */
  issuerGraceMs: number;
  /** CAs are asked when to renew (RFC 9773, gate ACMEUseARI), where an issuer does not say otherwise. */
  renewalInformation: boolean;
}

export const defaultControllerOptions: ControllerOptions = {
  clusterResourceNamespace: 'kube-system',
  enableCertificateOwnerRef: false,
  copiedAnnotationPrefixes: ['*', '-kubectl.kubernetes.io/', '-fluxcd.io/', '-argocd.argoproj.io/'],
  minBackoffMs: 3_600_000,
  maxBackoffMs: 32 * 3_600_000,
  concurrency: 8,
  approve: true,
  disabled: new Set(),
  issuerGraceMs: 3_000,
  renewalInformation: true,
};

/**
 * CertificateRequests in the shared cache: managed fields are gone. Requests that reached Ready reason `Issued`
 * also lost `spec.request`, `status.certificate` and `status.ca` (empty strings stand in their place), because ten
 * thousand of them stay around; `certificate/request-facts.ts` remembers what decisions need. Everything else is whole.
 */
export type CachedRequest = CertificateRequest;

/** One watch per resource for all controllers of the process. Indexes are named in `manager.ts`. */
export interface SharedInformers {
  certificates: Informer<Certificate>;
  /** Indexes: `owner` (`namespace/uid` of the controller), `issuer` (`issuerIndexKey`). */
  certificateRequests: Informer<CachedRequest>;
  /** Secrets labelled `controller.cert-manager.io/fao: "true"`, trimmed to facts (lifecycle §3). Index: `owner`. */
  secrets: Informer<SecretFacts>;
  /** Secrets without that label key: metadata only (`facts.metadataOnly`). */
  otherSecrets: Informer<SecretFacts>;
  /** Managed fields dropped. */
  issuers: Informer<Issuer>;
  /** Never filled, and always empty, where one namespace is served. */
  clusterIssuers: Informer<ClusterIssuer>;
  /**
   * Filled where a controller of ACME runs (`runsAcme`), else always empty. Indexes: `owner` (`namespace/uid` of the
   * controller, whatever its kind), `issuer` (`issuerIndexKey`), `url` and `authorization` (`orderAddresses`).
   */
  orders: Informer<OrderFacts>;
  /** Filled as `orders`. Indexes: `owner`, `issuer`. Managed fields dropped. */
  challenges: Informer<Challenge>;
}

export interface ControllerContext {
  client: KubeClient;
  clock: Clock;
  /** Uniform in [0, 1). */
  random: () => number;
  log: Log;
  options: ControllerOptions;
  issuerTypes: IssuerTypes;
  informers: SharedInformers;
  /** Resolves when every cache that the manager starts is complete; stays open where it is stopped before. */
  synced: Promise<void>;
  /** A cache of one controller's own, with the process's clock, back-off and error reports. Whoever makes it starts it. */
  watch<T>(resource: ResourceType, options: InformerOptions<T>): Informer<T>;
  /** Best effort, and never before the write they tell of. */
  events: EventRecorder;
  claims: Claims;
  /** CertificateRequests with their answers, as this process has just written them. */
  answers: FreshObjects<CertificateRequest>;
  /** One client for each ACME issuer that is Ready, shared by all controllers. */
  acmeAccounts: AcmeAccounts;
  /** For the ACME issuer type (`issuerContextSource` hands it on). */
  acme: AcmeSurroundings;
  /** For metrics. A controller gives `observer.work(name)` to its queue and workers. */
  observer: ControllersObserver;
}

/** What `start…Controller(context, signal)` of each kind returns; the informers are started by the manager afterwards. */
export interface RunningController {
  /** Resolves when the work in flight is done; nothing new is begun once the signal is aborted. */
  stopped: Promise<void>;
}

/** Value of the `issuer` index of CertificateRequests (and of Certificates). */
export function issuerIndexKey(
  namespace: string,
  ref: { name: string; kind?: string; group?: string },
): string {
  const kind = ref.kind === undefined || ref.kind === '' ? 'Issuer' : ref.kind;
  const group = ref.group === undefined || ref.group === '' ? 'cert-manager.io' : ref.group;
  return kind === 'ClusterIssuer'
    ? `${group}/${kind}/${ref.name}`
    : `${group}/${kind}/${namespace}/${ref.name}`;
}

/** Whether any controller runs here that works with Orders or Challenges. */
export function runsAcme(options: Pick<ControllerOptions, 'disabled'>): boolean {
  return acmeControllers.some((name) => !options.disabled.has(name));
}

const acmeControllers: readonly ControllerName[] = [
  'certificaterequests-issuer-acme',
  'certificatesigningrequests-issuer-acme',
  'orders',
  'challenges',
];

/** Whether the CertificateRequests of an issuer type are signed here; `component` as in `IssuerType`. */
export function signsFor(options: ControllerOptions, component: string): boolean {
  return !Array.from(options.disabled).some((name) => name === `certificaterequests-issuer-${component}`);
}
