/**
 * Every metric there is: name, type, labels, help. `docs/metrics.md` is generated from it; the dashboard and the alerts
 * are held against it. The `certmanager_` names, types and labels are the peer's (spec/operations.md §10).
 */

import type { MetricDescription } from './metric-description.ts';
import { objectMetrics } from './object-metrics.ts';

export type { MetricDescription, MetricType } from './metric-description.ts';
export { objectMetrics } from './object-metrics.ts';

const perController = 'one per controller';

/** Counted as it happens. */
export const countedMetrics = {
  syncCalls: {
    name: 'certmanager_controller_sync_call_count',
    type: 'counter',
    labels: ['controller'],
    help: 'The number of sync() calls made by a controller: each decision counts for the controller whose part of the work it is.',
    series: perController,
  },
  syncErrors: {
    name: 'certmanager_controller_sync_error_count',
    type: 'counter',
    labels: ['controller'],
    help: 'The number of errors encountered during controller sync().',
    series: perController,
  },
  decisions: {
    name: 'certwright_decisions_total',
    type: 'counter',
    labels: ['controller', 'decision'],
    help: 'Decisions taken about Certificates and CertificateRequests.',
    series: 'controllers times decisions, below 100',
  },
  reconciles: {
    name: 'certwright_reconciles_total',
    type: 'counter',
    labels: ['controller', 'outcome'],
    help: 'Objects looked at, by outcome: done, conflict (somebody else wrote first), error.',
    series: 'three per queue',
  },
  reconcileDuration: {
    name: 'certwright_reconcile_duration_seconds',
    type: 'histogram',
    labels: ['controller'],
    help: 'How long one look at one object took, its writes included.',
    series: 'one histogram per queue',
  },
  queueAdds: {
    name: 'certwright_queue_adds_total',
    type: 'counter',
    labels: ['controller'],
    help: 'Objects that began to wait in the queue.',
    series: 'one per queue',
  },
  queueRetries: {
    name: 'certwright_queue_retries_total',
    type: 'counter',
    labels: ['controller'],
    help: 'Objects that come again after a back-off.',
    series: 'one per queue',
  },
  queueWait: {
    name: 'certwright_queue_wait_seconds',
    type: 'histogram',
    labels: ['controller'],
    help: 'How long objects waited in the queue.',
    series: 'one histogram per queue',
  },
  apiRequests: {
    name: 'certwright_api_requests_total',
    type: 'counter',
    labels: ['code', 'resource', 'verb'],
    help: 'HTTP exchanges with the API server, retries included; code 0: no answer came.',
    series: 'verbs times resources times codes in use, below 300',
  },
  apiDuration: {
    name: 'certwright_api_request_duration_seconds',
    type: 'histogram',
    labels: ['resource', 'verb'],
    help: 'Time to the whole answer of the API server; of a watch, to its beginning.',
    series: 'one histogram per verb and resource in use, below 60',
  },
  acmeRequests: {
    name: 'certmanager_http_acme_client_request_count',
    type: 'counter',
    labels: ['action', 'host', 'method', 'scheme', 'status'],
    help: 'The number of requests made by the ACME client; nonces and directories count for the action that needed them, status 999: no answer came.',
    series: 'actions times methods times statuses in use, per CA, below 100',
  },
  acmeDuration: {
    name: 'certmanager_http_acme_client_request_duration_seconds',
    type: 'summary',
    labels: ['action', 'host', 'method', 'scheme', 'status'],
    help: 'The HTTP request latencies in seconds for the ACME client, over the last ten minutes.',
    series: 'one summary (five series) for each series of the count',
  },
  watchRestarts: {
    name: 'certwright_watch_restarts_total',
    type: 'counter',
    labels: ['cause', 'resource'],
    help: 'Lists and watches that failed and were begun again, by cause (an error code of ours).',
    series: 'causes times resources, below 50',
  },
  keyGeneration: {
    name: 'certwright_key_generation_duration_seconds',
    type: 'histogram',
    labels: ['algorithm'],
    help: 'Time to a new private key, the wait for a free core included.',
    series: 'one histogram per algorithm (three)',
  },
} as const satisfies Record<string, MetricDescription>;

/** Asked for at scrape. */
export const stateMetrics = {
  clock: {
    name: 'certmanager_clock_time_seconds',
    type: 'counter',
    labels: [],
    help: 'DEPRECATED: use certmanager_clock_time_seconds_gauge. The clock time given in seconds (from 1970/01/01 UTC).',
    series: 'one',
  },
  clockGauge: {
    name: 'certmanager_clock_time_seconds_gauge',
    type: 'gauge',
    labels: [],
    help: 'The clock time given in seconds (from 1970/01/01 UTC).',
    series: 'one',
  },
  buildInfo: {
    name: 'certwright_build_info',
    type: 'gauge',
    labels: ['node', 'version'],
    help: 'Always 1: the version of Certwright and of the Node.js that runs it.',
    series: 'one',
  },
  leader: {
    name: 'certwright_leader',
    type: 'gauge',
    labels: [],
    help: 'Whether the controllers of this process do the work (1) or stand by (0); absent where it has none.',
    series: 'one',
  },
  shardsHeld: {
    name: 'certwright_shards_held',
    type: 'gauge',
    labels: [],
    help: 'Shards of the work that this process holds; absent without sharding.',
    series: 'one',
  },
  shards: {
    name: 'certwright_shards',
    type: 'gauge',
    labels: [],
    help: 'Shards that the work is divided into; absent without sharding.',
    series: 'one',
  },
  admissionMode: {
    name: 'certwright_admission_mode',
    type: 'gauge',
    labels: ['mode'],
    help: 'Always 1: how objects are validated here, found out at start; absent until it is known.',
    series: 'one',
  },
  queueDepth: {
    name: 'certwright_queue_depth',
    type: 'gauge',
    labels: ['controller'],
    help: 'Objects that wait to be looked at.',
    series: 'one per queue',
  },
  queueActive: {
    name: 'certwright_queue_active',
    type: 'gauge',
    labels: ['controller'],
    help: 'Objects being worked on.',
    series: 'one per queue',
  },
  queueDelayed: {
    name: 'certwright_queue_delayed',
    type: 'gauge',
    labels: ['controller'],
    help: 'Objects with a time to be looked at again: renewals, back-offs.',
    series: 'one per queue',
  },
  cacheObjects: {
    name: 'certwright_cache_objects',
    type: 'gauge',
    labels: ['cache'],
    help: 'Objects in memory.',
    series: 'one per cache',
  },
  cacheSynced: {
    name: 'certwright_cache_synced',
    type: 'gauge',
    labels: ['cache'],
    help: 'Whether the first complete list is in memory.',
    series: 'one per cache',
  },
  events: {
    name: 'certwright_events_total',
    type: 'counter',
    labels: ['outcome'],
    help: 'Kubernetes events by outcome: sent, limited (the same again), dropped (under pressure), failed.',
    series: 'four',
  },
  cleanUpDebts: {
    name: 'certwright_acme_cleanup_debts',
    type: 'gauge',
    labels: [],
    help: 'Answers to challenges that could not be taken away in time, and are tried again (ConfigMap certwright-cleanup-debts).',
    series: 'one',
  },
  missingRecords: {
    name: 'certwright_acme_missing_validation_records',
    type: 'gauge',
    labels: [],
    help: 'Records at _validation-persist that renewals by dns-persist-01 need and the DNS does not have; looked at twice a day.',
    series: 'one',
  },
  budgetAvailable: {
    name: 'certwright_acme_budget_available',
    type: 'gauge',
    labels: ['issuer', 'limit', 'subject'],
    help: 'What the limit of the CA still allows now, as far as this process has counted.',
    series: 'limits times their most used subjects, per ACME issuer, below 20',
  },
  budgetNextSlot: {
    name: 'certwright_acme_budget_next_slot_seconds',
    type: 'gauge',
    labels: ['issuer', 'limit', 'subject'],
    help: 'Seconds until the limit of the CA allows one more; 0 while it does.',
    series: 'limits times their most used subjects, per ACME issuer, below 20',
  },
  breakersOpen: {
    name: 'certwright_breaker_open_certificates',
    type: 'gauge',
    labels: [],
    help: 'Certificates whose circuit breaker is open.',
    series: 'one',
  },
  loopLag: {
    name: 'certwright_event_loop_lag_seconds',
    type: 'gauge',
    labels: ['quantile'],
    help: 'How late timers fire, over the last half minute at least: 0.5, 0.99 and 1 (the latest).',
    series: 'three',
  },
  loopActive: {
    name: 'certwright_event_loop_active_seconds_total',
    type: 'counter',
    labels: [],
    help: 'Time that the event loop was busy.',
    series: 'one',
  },
  heapUsed: {
    name: 'certwright_heap_used_bytes',
    type: 'gauge',
    labels: [],
    help: 'JavaScript heap in use.',
    series: 'one',
  },
  seriesRefused: {
    name: 'certwright_metrics_series_refused_total',
    type: 'counter',
    labels: [],
    help: 'Observations booked under the labels "other" because their metric had too many series; 0 unless there is a fault.',
    series: 'one',
  },
  cpuSeconds: {
    name: 'process_cpu_seconds_total',
    type: 'counter',
    labels: [],
    help: 'Total user and system CPU time spent in seconds.',
    series: 'one',
  },
  residentMemory: {
    name: 'process_resident_memory_bytes',
    type: 'gauge',
    labels: [],
    help: 'Resident memory size in bytes.',
    series: 'one',
  },
  startTime: {
    name: 'process_start_time_seconds',
    type: 'gauge',
    labels: [],
    help: 'Start time of the process since unix epoch in seconds.',
    series: 'one',
  },
  virtualMemory: {
    name: 'process_virtual_memory_bytes',
    type: 'gauge',
    labels: [],
    help: 'Virtual memory size in bytes. Linux only.',
    series: 'one',
  },
  openFds: {
    name: 'process_open_fds',
    type: 'gauge',
    labels: [],
    help: 'Number of open file descriptors. Linux only.',
    series: 'one',
  },
  maxFds: {
    name: 'process_max_fds',
    type: 'gauge',
    labels: [],
    help: 'Maximum number of open file descriptors. Linux only.',
    series: 'one',
  },
} as const satisfies Record<string, MetricDescription>;

export const catalogue: readonly MetricDescription[] = [
  ...Object.values(objectMetrics),
  ...Object.values(countedMetrics),
  ...Object.values(stateMetrics),
].toSorted((a, b) => (a.name < b.name ? -1 : 1));
