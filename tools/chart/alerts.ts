/** The alerts of the chart's PrometheusRule. Metric names and labels are those of src/metrics/catalogue.ts; a test holds them against it. */

export interface Alert {
  name: string;
  severity: 'critical' | 'warning';
  /** PromQL; `@name@` is a threshold below. */
  expression: string;
  /** A duration, or `@name@`. */
  for: string;
  summary: string;
  description: string;
}

/** Thresholds to the Helm action that renders them, in the unit of the expression. */
export const thresholds: Readonly<Record<string, string>> = {
  expirySoonSeconds: 'mul .Values.prometheus.rule.expirySoonDays 86400',
  expiryCriticalSeconds: 'mul .Values.prometheus.rule.expiryCriticalDays 86400',
  expirySoonDays: '.Values.prometheus.rule.expirySoonDays',
  expiryCriticalDays: '.Values.prometheus.rule.expiryCriticalDays',
  notReadyFor: '.Values.prometheus.rule.notReadyFor',
  renewalOverdueFor: '.Values.prometheus.rule.renewalOverdueFor',
  issuerNotReadyFor: '.Values.prometheus.rule.issuerNotReadyFor',
  controllerDownFor: '.Values.prometheus.rule.controllerDownFor',
};

/** A scrape moves the labels of the object aside where the target has labels of that name. */
const label = (name: string): string =>
  `{{ with $labels.exported_${name} }}{{ . }}{{ else }}{{ $labels.${name} }}{{ end }}`;
const certificate = `Certificate ${label('namespace')}/${label('name')}`;

const notAfter = 'certmanager_certificate_not_after_timestamp_seconds';
const renewal = 'certmanager_certificate_renewal_timestamp_seconds';
const issuing = 'certwright_certificate_issuing_since_timestamp_seconds';
const clock = 'certmanager_clock_time_seconds_gauge';
/** Certificates that live for hours always have but hours left: only those that should have been renewed are in danger. */
const due = `${renewal} - time() < 0`;

export const alerts: readonly Alert[] = [
  {
    name: 'CertwrightCertificateExpiresSoon',
    severity: 'warning',
    expression: `${notAfter} > 0 and ${notAfter} - time() < @expirySoonSeconds@ and ${due}`,
    for: '15m',
    summary: `${certificate} expires in less than @expirySoonDays@ days`,
    description:
      'It should have been renewed by now. `kubectl describe certificate` and its events say what keeps it.',
  },
  {
    name: 'CertwrightCertificateExpiresNow',
    severity: 'critical',
    expression: `${notAfter} > 0 and ${notAfter} - time() < @expiryCriticalSeconds@ and ${due}`,
    for: '5m',
    summary: `${certificate} expires in less than @expiryCriticalDays@ days, or has expired`,
    description:
      'Clients will refuse it. `kubectl describe certificate` says what keeps it from being renewed.',
  },
  {
    name: 'CertwrightCertificateNotReady',
    severity: 'warning',
    expression: 'certmanager_certificate_ready_status{condition!="True"} == 1',
    for: '@notReadyFor@',
    summary: `${certificate} is not Ready`,
    description:
      'The condition Ready of the Certificate has the reason; `kubectl describe certificate` shows it.',
  },
  {
    name: 'CertwrightIssuanceStuck',
    severity: 'warning',
    expression: `${issuing} > 0 and time() - ${issuing} > 1800`,
    for: '@notReadyFor@',
    summary: `${certificate} has been waiting for its issuer for long`,
    description:
      'An issuance was begun and has not ended. Look at its CertificateRequest: it may wait for an approval, or its issuer may not answer.',
  },
  {
    name: 'CertwrightRenewalOverdue',
    severity: 'warning',
    expression: `${renewal} > 0 and time() - ${renewal} > 0`,
    for: '@renewalOverdueFor@',
    summary: `${certificate} was not renewed when it was due`,
    description:
      'It still works until it expires. `kubectl describe certificate` says what keeps it from being renewed.',
  },
  {
    name: 'CertwrightBreakerOpen',
    severity: 'critical',
    expression: 'certwright_certificate_breaker_open == 1',
    for: '0m',
    summary: `${certificate}: something keeps undoing what is written`,
    description:
      'Issuing is paused so that it cannot become a storm. The Certificate names the field manager that writes against ours.',
  },
  {
    name: 'CertwrightIssuerNotReady',
    severity: 'warning',
    expression: 'certmanager_issuer_ready_status{condition="True"} == 0',
    for: '@issuerNotReadyFor@',
    summary: `Issuer ${label('namespace')}/${label('name')} is not Ready`,
    description: 'Nothing is issued or renewed by it. `kubectl describe issuer` has the reason.',
  },
  {
    name: 'CertwrightClusterIssuerNotReady',
    severity: 'critical',
    expression: 'certmanager_clusterissuer_ready_status{condition="True"} == 0',
    for: '@issuerNotReadyFor@',
    summary: `ClusterIssuer ${label('name')} is not Ready`,
    description: 'Nothing is issued or renewed by it. `kubectl describe clusterissuer` has the reason.',
  },
  {
    name: 'CertwrightAcmeRequestsFail',
    severity: 'warning',
    expression:
      'sum by (host) (rate(certmanager_http_acme_client_request_count{status=~"429|5..|999"}[15m])) > 0.5 * sum by (host) (rate(certmanager_http_acme_client_request_count[15m]))',
    for: '@issuerNotReadyFor@',
    summary: 'More than half of the requests to the ACME CA {{ $labels.host }} fail',
    description:
      'The CA is down, cannot be reached, or is at a limit. Orders wait and go on by themselves; fallback issuers stand in where Certificates name some.',
  },
  {
    name: 'CertwrightRenewalAskedAtOnce',
    severity: 'warning',
    expression: 'certwright_certificate_renewal_window_end_timestamp_seconds - time() < 0',
    for: '@renewalOverdueFor@',
    summary: `${certificate} should have been replaced already, its CA says`,
    description:
      'The CA has suggested a renewal window that is over, as it does for certificates that are revoked or about to be, and the certificate is still there. `kubectl describe certificate` says what keeps it.',
  },
  {
    name: 'CertwrightCleanUpDebts',
    severity: 'warning',
    expression: 'certwright_acme_cleanup_debts > 0',
    for: '360m',
    summary: 'Answers to ACME challenges cannot be taken away',
    description:
      'The ConfigMap certwright-cleanup-debts lists them with the reason. They are tried again; deleting an entry forgives it.',
  },
  {
    name: 'CertwrightValidationRecordMissing',
    severity: 'warning',
    expression: 'certwright_acme_missing_validation_records > 0',
    for: '60m',
    summary: 'Records that renewals by dns-persist-01 need are missing',
    description:
      'Events ValidationRecordMissing at the Certificates say which; `certwright acme dns-persist-record` prints what to set. Certificates are valid until their next renewal fails.',
  },
  {
    name: 'CertwrightDown',
    severity: 'critical',
    expression: `absent(${clock})`,
    for: '@controllerDownFor@',
    summary: 'Certwright is down, or its metrics are not scraped',
    description: 'Nothing is issued or renewed. Certificates that are there keep working until they expire.',
  },
  {
    name: 'CertwrightNoLeader',
    severity: 'critical',
    expression: `absent(certwright_leader == 1) and on() count(${clock}) > 0`,
    for: '@controllerDownFor@',
    summary: 'No replica of Certwright works: none holds the Lease',
    description:
      'Look who holds the Lease cert-manager-controller in the leader election namespace: a cert-manager in the same cluster would.',
  },
  {
    name: 'CertwrightClockSkew',
    severity: 'warning',
    expression: `abs(${clock} - timestamp(${clock})) > 60`,
    for: '10m',
    summary: 'The clock of a node that runs Certwright differs from that of Prometheus by more than a minute',
    description:
      'Certificates are issued and renewed by that clock. Mend the time service of the node {{ $labels.instance }}.',
  },
];
