/** Rows that several components have (spec/operations.md §2-§5). */
import type { FlagRow } from './row.ts';

export const configRow = {
  flag: 'config',
  kind: 'text',
  placeholder: '<file>',
  default: '',
  meaning: 'configuration file, YAML or JSON; flags win over it',
} as const satisfies FlagRow;

export const kubeconfigRow = {
  flag: 'kubeconfig',
  kind: 'file',
  placeholder: '<file>',
  path: 'kubeConfig',
  default: '',
  meaning: 'how to reach the API; empty: $KUBECONFIG, ~/.kube/config, or the Pod itself',
} as const satisfies FlagRow;

const logFlush = 'every line is written at once; leave it out';

/** `-v` and `--logging-format` are the peer's words for `--log-level` and `--log-format`, which win over them. */
export const loggingRows = [
  {
    flag: 'logging-format',
    kind: 'text',
    placeholder: '<format>',
    path: 'logging.format',
    default: 'text',
    meaning: 'text or json, as --log-format',
  },
  {
    flag: 'v',
    short: 'v',
    kind: 'integer',
    placeholder: '<number>',
    path: 'logging.verbosity',
    default: 0,
    min: 0,
    max: 100,
    meaning: 'how much is logged: 0 to 3 is --log-level info, 4 and more is debug',
  },
  {
    flag: 'vmodule',
    kind: 'text',
    placeholder: '<pattern=number,...>',
    path: 'logging.vmodule',
    default: '',
    meaning: 'verbosity of single source files',
    withoutEffect: 'the log has one level: choose it with --log-level',
  },
  {
    flag: 'log-flush-frequency',
    kind: 'duration',
    placeholder: '<duration>',
    path: 'logging.flushFrequency',
    default: 5_000,
    meaning: 'how often the log is flushed',
    withoutEffect: logFlush,
  },
  {
    flag: 'log-json-split-stream',
    kind: 'switch',
    path: 'logging.options.json.splitStream',
    default: false,
    meaning: 'errors of the json log on standard error, the rest on standard output',
    withoutEffect: 'the whole log goes to standard error',
  },
  {
    flag: 'log-json-info-buffer-size',
    kind: 'quantity',
    placeholder: '<quantity>',
    path: 'logging.options.json.infoBufferSize',
    default: '0',
    meaning: 'buffer of the json log',
    withoutEffect: logFlush,
  },
  {
    flag: 'log-text-split-stream',
    kind: 'switch',
    path: 'logging.options.text.splitStream',
    default: false,
    meaning: 'errors of the text log on standard error, the rest on standard output',
    withoutEffect: 'the whole log goes to standard error',
  },
  {
    flag: 'log-text-info-buffer-size',
    kind: 'quantity',
    placeholder: '<quantity>',
    path: 'logging.options.text.infoBufferSize',
    default: '0',
    meaning: 'buffer of the text log',
    withoutEffect: logFlush,
  },
  {
    flag: 'log-format',
    kind: 'text',
    placeholder: '<format>',
    default: '',
    meaning: 'text or json; empty: json (text for a dry run), unless --logging-format says otherwise',
  },
  {
    flag: 'log-level',
    kind: 'text',
    placeholder: '<level>',
    default: '',
    meaning: 'debug, info, warn, error or silent; empty: what -v says',
  },
] as const satisfies readonly FlagRow[];

export const profilingRows = [
  {
    flag: 'enable-profiling',
    kind: 'switch',
    path: 'enablePprof',
    default: false,
    meaning: "serve Go's profiles",
    withoutEffect:
      'this is no Go program: profile it with node --cpu-prof, or NODE_OPTIONS=--inspect on a port of your own',
  },
  {
    flag: 'profiler-address',
    kind: 'text',
    placeholder: '<host:port>',
    path: 'pprofAddress',
    default: 'localhost:6060',
    meaning: "address of Go's profiles",
    withoutEffect: 'there is no profiler to listen; leave it out',
  },
] as const satisfies readonly FlagRow[];

export const featureGatesRow = {
  flag: 'feature-gates',
  kind: 'gates',
  placeholder: '<name=boolean,...>',
  path: 'featureGates',
  default: {},
  meaning: 'features by name; an unknown name is refused',
} as const satisfies FlagRow;

/** `metricsTLSConfig` of every component. */
export const metricsRows = [
  {
    flag: 'metrics-listen-address',
    kind: 'text',
    placeholder: '<host:port>',
    path: 'metricsListenAddress',
    default: '0.0.0.0:9402',
    meaning: 'address of /metrics; 0 switches it off',
  },
  {
    flag: 'metrics-tls-cert-file',
    kind: 'file',
    placeholder: '<file>',
    path: 'metricsTLSConfig.filesystem.certFile',
    default: '',
    meaning: 'serve /metrics by HTTPS with this certificate; read again when it changes',
  },
  {
    flag: 'metrics-tls-private-key-file',
    kind: 'file',
    placeholder: '<file>',
    path: 'metricsTLSConfig.filesystem.keyFile',
    default: '',
    meaning: 'its private key',
  },
  {
    flag: 'metrics-dynamic-serving-leaf-duration',
    kind: 'duration',
    placeholder: '<duration>',
    path: 'metricsTLSConfig.dynamic.leafDuration',
    default: 168 * 3_600_000,
    meaning: 'life of the certificate that /metrics makes for itself',
  },
  {
    flag: 'metrics-dynamic-serving-ca-secret-namespace',
    kind: 'text',
    placeholder: '<namespace>',
    path: 'metricsTLSConfig.dynamic.secretNamespace',
    default: '',
    meaning: 'namespace of the Secret with the CA of that certificate',
  },
  {
    flag: 'metrics-dynamic-serving-ca-secret-name',
    kind: 'text',
    placeholder: '<name>',
    path: 'metricsTLSConfig.dynamic.secretName',
    default: '',
    meaning: 'serve /metrics by HTTPS with a certificate of our own, whose CA is in this Secret',
  },
  {
    flag: 'metrics-dynamic-serving-dns-names',
    kind: 'list',
    placeholder: '<name,...>',
    path: 'metricsTLSConfig.dynamic.dnsNames',
    default: [],
    meaning: 'names in that certificate',
  },
  {
    flag: 'metrics-tls-cipher-suites',
    kind: 'list',
    placeholder: '<suite,...>',
    path: 'metricsTLSConfig.cipherSuites',
    default: [],
    meaning: 'TLS 1.2 cipher suites of /metrics, by their Go or IANA names',
  },
  {
    flag: 'metrics-tls-min-version',
    kind: 'text',
    placeholder: '<version>',
    path: 'metricsTLSConfig.minTLSVersion',
    default: '',
    meaning: 'VersionTLS12 or VersionTLS13',
  },
] as const satisfies readonly FlagRow[];

export const leaderElectionRows = [
  {
    flag: 'leader-elect',
    kind: 'switch',
    path: 'leaderElectionConfig.enabled',
    default: true,
    negatable: true,
    meaning: 'run beside other instances; one works at a time',
  },
  {
    flag: 'leader-election-namespace',
    kind: 'text',
    placeholder: '<namespace>',
    path: 'leaderElectionConfig.namespace',
    default: 'kube-system',
    meaning: 'where the Lease is',
  },
  {
    flag: 'leader-election-lease-duration',
    kind: 'duration',
    placeholder: '<duration>',
    path: 'leaderElectionConfig.leaseDuration',
    default: 60_000,
    meaning: 'others take over when the holder has not renewed for this long',
  },
  {
    flag: 'leader-election-renew-deadline',
    kind: 'duration',
    placeholder: '<duration>',
    path: 'leaderElectionConfig.renewDeadline',
    default: 40_000,
    meaning: 'the holder gives up when it could not renew for this long; shorter than the lease duration',
  },
  {
    flag: 'leader-election-retry-period',
    kind: 'duration',
    placeholder: '<duration>',
    path: 'leaderElectionConfig.retryPeriod',
    default: 15_000,
    meaning: 'time between attempts to take or renew the lease',
  },
] as const satisfies readonly FlagRow[];
