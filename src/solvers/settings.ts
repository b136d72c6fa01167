/** What the flags say about solving challenges (spec/acme.md §1.3), read once into what solvers and their controller ask for. */
import type { Http01Responder } from '../api/enumerations.ts';

/** An address to listen on. `host` empty: every interface. */
export interface ListenOn {
  host: string;
  port: number;
}

/** Solver Pods: spec/acme.md §8.3. Texts are Kubernetes quantities; empty texts stand for nothing set. */
export interface SolverPodSettings {
  image: string;
  requestCpu: string;
  requestMemory: string;
  limitCpu: string;
  limitMemory: string;
  runAsNonRoot: boolean;
  runtimeClassName: string;
}

export interface Http01Settings {
  pod: SolverPodSettings;
  /** Labels on everything that a solver makes. */
  extraLabels: Readonly<Record<string, string>>;
  /** `host:port` of the servers that the self-check looks names up with; empty: those of the system. */
  nameservers: readonly string[];
  /** Who answers where a solver does not say. */
  responder: Http01Responder;
  /** `pathType` of solver Ingresses: `Exact` where true, else `ImplementationSpecific` (gate ACMEHTTP01IngressPathTypeExact). */
  pathTypeExact: boolean;
  /** `ip:port` or `https://` (RFC 8484): through which the public view looks the name up. Absent: there is no such view. */
  publicResolver?: string;
  /** The Gateway API is served and switched on. */
  gatewayApi: boolean;
}

export interface DnsSettings {
  /** `ip:port` or `https://`; empty: those of the system. */
  recursiveNameservers: readonly string[];
  /** Authoritative servers are never asked. */
  recursiveNameserversOnly: boolean;
  /** Programs of the `exec` provider by name, from the configuration file of `certwright up` alone; empty in a cluster. */
  programs: Readonly<Record<string, readonly string[]>>;
}

/** What this process listens on; absent: it does not. */
export interface ResponderSettings {
  http01?: ListenOn;
  tlsAlpn01?: ListenOn;
  /** Folder whose files a web server serves; answers are written below `.well-known/acme-challenge`. */
  webroot?: string;
}

export interface AcmeSettings {
  /** Challenges worked on at the same time. */
  maxConcurrentChallenges: number;
  /** Milliseconds between two self-checks of one Challenge, for every type. */
  checkRetryMs: number;
  /** Credentials of the machine may be used by solvers of Issuers, of ClusterIssuers (spec/acme.md §10.6). */
  ambient: { issuers: boolean; clusterIssuers: boolean };
  http01: Http01Settings;
  dns: DnsSettings;
  responder: ResponderSettings;
  /** Renewal times are asked of the CA (RFC 9773) where an issuer does not say otherwise (gate ACMEUseARI). */
  renewalInformation: boolean;
  /** The API is a cluster's: Pods and Services mean something. False: `certwright up`. */
  inCluster: boolean;
}

/** The Pod that this process runs in, from the downward API; absent outside a cluster. */
export interface PodIdentity {
  name: string;
  namespace: string;
  /** The first is the Pod's primary address. IPv4 or IPv6. */
  ips: readonly string[];
}

export const defaultAcmeSettings: AcmeSettings = {
  maxConcurrentChallenges: 60,
  checkRetryMs: 10_000,
  ambient: { issuers: false, clusterIssuers: true },
  http01: {
    pod: {
      image: '',
      requestCpu: '10m',
      requestMemory: '64Mi',
      limitCpu: '100m',
      limitMemory: '64Mi',
      runAsNonRoot: true,
      runtimeClassName: '',
    },
    extraLabels: {},
    nameservers: [],
    responder: 'Pod',
    pathTypeExact: true,
    gatewayApi: false,
  },
  dns: { recursiveNameservers: [], recursiveNameserversOnly: false, programs: {} },
  responder: {},
  renewalInformation: true,
  inCluster: true,
};
