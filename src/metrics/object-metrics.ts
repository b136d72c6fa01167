/** The metrics of objects: rendered from the caches at scrape, a series ends with its object. */
import type { MetricDescription } from './metric-description.ts';

const ofCertificate = ['issuer_group', 'issuer_kind', 'issuer_name', 'name', 'namespace'] as const;
const perCertificate = 'one per Certificate';

export const objectMetrics = {
  expiration: {
    name: 'certmanager_certificate_expiration_timestamp_seconds',
    type: 'gauge',
    labels: ofCertificate,
    help: 'The timestamp after which the certificate expires, expressed in Unix Epoch Time.',
    series: perCertificate,
  },
  notAfter: {
    name: 'certmanager_certificate_not_after_timestamp_seconds',
    type: 'gauge',
    labels: ofCertificate,
    help: 'The timestamp after which the certificate is invalid, expressed as Unix Epoch Time; 0 while there is none.',
    series: perCertificate,
  },
  notBefore: {
    name: 'certmanager_certificate_not_before_timestamp_seconds',
    type: 'gauge',
    labels: ofCertificate,
    help: 'The timestamp before which the certificate is invalid, expressed as Unix Epoch Time; 0 while there is none.',
    series: perCertificate,
  },
  ready: {
    name: 'certmanager_certificate_ready_status',
    type: 'gauge',
    labels: ['condition', ...ofCertificate],
    help: 'The ready status of the certificate: 1 on the series whose condition is the current one.',
    series: 'three per Certificate',
  },
  renewal: {
    name: 'certmanager_certificate_renewal_timestamp_seconds',
    type: 'gauge',
    labels: ofCertificate,
    help: 'The timestamp after which the certificate should be renewed, expressed as Unix Epoch Time; 0 while there is none.',
    series: perCertificate,
  },
  clusterIssuerReady: {
    name: 'certmanager_clusterissuer_ready_status',
    type: 'gauge',
    labels: ['condition', 'name'],
    help: 'The ready status of the cluster issuer: 1 on the series whose condition is the current one.',
    series: 'three per ClusterIssuer',
  },
  issuerReady: {
    name: 'certmanager_issuer_ready_status',
    type: 'gauge',
    labels: ['condition', 'name', 'namespace'],
    help: 'The ready status of the issuer: 1 on the series whose condition is the current one.',
    series: 'three per Issuer',
  },
  issuingSince: {
    name: 'certwright_certificate_issuing_since_timestamp_seconds',
    type: 'gauge',
    labels: ['name', 'namespace'],
    help: 'Since when the issuance under way is under way (condition Issuing); absent while none is.',
    series: 'one per Certificate that is being issued',
  },
  failedAttempts: {
    name: 'certwright_certificate_failed_issuance_attempts',
    type: 'gauge',
    labels: ['name', 'namespace'],
    help: 'Failed issuances in a row; absent when the last one succeeded.',
    series: 'one per Certificate whose last issuance failed',
  },
  challengeStatus: {
    name: 'certmanager_certificate_challenge_status',
    type: 'gauge',
    labels: ['domain', 'name', 'namespace', 'processing', 'reason', 'status', 'type'],
    help: 'The status of certificate challenges: 1 on the series whose status is the current one. The reason is cut to what it begins with.',
    series: 'eight per Challenge',
  },
  renewalWindowStart: {
    name: 'certwright_certificate_renewal_window_start_timestamp_seconds',
    type: 'gauge',
    labels: ['name', 'namespace'],
    help: 'When the renewal window begins that the CA suggests (ARI), in Unix Epoch Time; absent while it suggests none.',
    series: 'one per Certificate whose CA suggests a window',
  },
  renewalWindowEnd: {
    name: 'certwright_certificate_renewal_window_end_timestamp_seconds',
    type: 'gauge',
    labels: ['name', 'namespace'],
    help: 'When the renewal window ends that the CA suggests (ARI), in Unix Epoch Time; absent while it suggests none.',
    series: 'one per Certificate whose CA suggests a window',
  },
  renewalInfoFailed: {
    name: 'certwright_certificate_renewal_information_failed',
    type: 'gauge',
    labels: ['name', 'namespace'],
    help: 'The CA could not be asked when to renew (ARI), or what it answered cannot be used; absent while all is well.',
    series: 'one per Certificate whose last question failed',
  },
  orders: {
    name: 'certwright_acme_orders',
    type: 'gauge',
    labels: ['issuer', 'state'],
    help: 'Orders that are there, by state; an empty state: not placed with the CA yet.',
    series: 'states (eight) times ACME issuers',
  },
  ordersWaiting: {
    name: 'certwright_acme_orders_waiting',
    type: 'gauge',
    labels: ['issuer'],
    help: 'Orders that wait for a time: for a slot in a budget, or because the CA asks to wait or could not be reached.',
    series: 'one per ACME issuer with Orders',
  },
  nextOrder: {
    name: 'certwright_acme_next_order_seconds',
    type: 'gauge',
    labels: ['issuer'],
    help: 'Seconds until the first of the waiting Orders goes on; absent while none waits.',
    series: 'one per ACME issuer with Orders that wait',
  },
  breakerOpen: {
    name: 'certwright_certificate_breaker_open',
    type: 'gauge',
    labels: ['name', 'namespace'],
    help: 'The circuit breaker keeps this Certificate from another issuance because something keeps undoing our writes.',
    series: 'one per Certificate whose breaker is open',
  },
} as const satisfies Record<string, MetricDescription>;
