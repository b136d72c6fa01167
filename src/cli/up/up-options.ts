/** The flags of `certwright up`, read once into types. */
import {
  backoff,
  duration,
  endpoint,
  folder,
  list,
  namespaceName,
  oneOf,
  wholeNumber,
  type Endpoint,
} from '../option-values.ts';
import { logFormats, logLevels, type LogFormat, type LogLevel } from '../log.ts';
import type { GivenFlags } from '../configuration/settings.ts';
import { UsageError } from '../errors.ts';

export const outputFormats = ['table', 'json', 'yaml'] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** As commander hands them over: strings and booleans. */
export interface UpFlags {
  manifests?: string;
  export?: string;
  dataDir: string;
  listen?: string;
  token?: string;
  tokenFile?: string;
  clientCa?: string;
  once?: boolean;
  timeout: string;
  clusterResourceNamespace: string;
  enableCertificateOwnerRef?: boolean;
  copiedAnnotationPrefixes?: string;
  autoApprove: boolean;
  certificateRequestMinimumBackoffDuration: string;
  certificateRequestMaximumBackoffDuration: string;
  concurrency?: string;
  logFormat: string;
  logLevel: string;
  output: string;
  config?: string;
  acmeWebroot?: string;
  metricsListenAddress?: string;
  /** Those of `upAcmeRows` that were written on the command line. */
  acme: GivenFlags;
}

export interface UpOptions {
  /** Hooks and programs, see up-config.ts. */
  config?: string;
  manifests?: string;
  export?: string;
  dataDir: string;
  listen: Endpoint;
  /** False: the default address, for which any free port will do when it is taken. */
  listenAsked: boolean;
  tokenFile?: string;
  clientCaFile?: string;
  /** Absent: no metrics are served. */
  metrics?: Endpoint;
  once: boolean;
  timeoutMs: number;
  clusterResourceNamespace: string;
  enableCertificateOwnerRef: boolean;
  copiedAnnotationPrefixes?: readonly string[];
  approve: boolean;
  minBackoffMs: number;
  maxBackoffMs: number;
  concurrency?: number;
  logFormat: LogFormat;
  logLevel: LogLevel;
  output: OutputFormat;
}

export const defaultListen = '127.0.0.1:6443';

/** @throws UsageError naming flag, value and remedy. */
export function readUpOptions(flags: UpFlags): UpOptions {
  const options: UpOptions = {
    dataDir: folder('--data-dir', flags.dataDir),
    listen: endpoint('--listen', flags.listen ?? defaultListen),
    listenAsked: flags.listen !== undefined,
    once: flags.once === true,
    timeoutMs: duration('--timeout', flags.timeout),
    clusterResourceNamespace: namespaceName('--cluster-resource-namespace', flags.clusterResourceNamespace),
    enableCertificateOwnerRef: flags.enableCertificateOwnerRef === true,
    approve: flags.autoApprove,
    ...backoff(flags),
    logFormat: oneOf('--log-format', flags.logFormat, logFormats),
    logLevel: oneOf('--log-level', flags.logLevel, logLevels),
    output: oneOf('--output', flags.output, outputFormats),
  };
  if (flags.manifests !== undefined) options.manifests = folder('--manifests', flags.manifests);
  if (flags.export !== undefined) options.export = folder('--export', flags.export);
  if (flags.config !== undefined) options.config = flags.config;
  if (flags.metricsListenAddress !== undefined && flags.metricsListenAddress !== '0')
    options.metrics = endpoint('--metrics-listen-address', flags.metricsListenAddress);
  if (flags.tokenFile !== undefined) options.tokenFile = flags.tokenFile;
  if (flags.clientCa !== undefined) options.clientCaFile = flags.clientCa;
  if (flags.concurrency !== undefined)
    options.concurrency = wholeNumber('--concurrency', flags.concurrency, 1, 256);
  if (flags.copiedAnnotationPrefixes !== undefined) {
    options.copiedAnnotationPrefixes = list('--copied-annotation-prefixes', flags.copiedAnnotationPrefixes);
  }
  const beyondLoopback = !isLoopback(options.listen.host);
  if (beyondLoopback && options.tokenFile === undefined && options.clientCaFile === undefined) {
    throw new UsageError(
      '--listen',
      flags.listen ?? defaultListen,
      'an address beyond loopback needs --token-file or --client-ca, else anybody could read private keys',
    );
  }
  return options;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}
