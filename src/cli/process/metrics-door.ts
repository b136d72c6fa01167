/** `/metrics` on its own port, by HTTPS where that is asked for. */
import { readFile } from 'node:fs/promises';
import type { Log } from '../../controllers/context.ts';
import type { OpenConnection } from '../../kube/connect.ts';
import { systemClock } from '../../kube/clock.ts';
import { createKubeClient } from '../../kube/http-client.ts';
import type { Metrics } from '../../metrics/metrics.ts';
import type { CertificateSource, ServingLog } from '../../serving/certificate-source.ts';
import { dynamicCertificates } from '../../serving/dynamic-certificates.ts';
import { fileCertificates } from '../../serving/file-certificates.ts';
import type { Endpoint } from '../option-values.ts';
import { openDoor, type Door } from './door.ts';
import { readTls, type TlsSettings } from './tls-settings.ts';
import { readListenAddress } from './shared-settings.ts';
import type { metricsRows } from '../configuration/shared-rows.ts';
import type { Settings } from '../configuration/settings.ts';

export interface MetricsDoorSettings {
  /** Names the setting in messages. */
  setting: string;
  address: Endpoint;
  tls?: TlsSettings;
}

/** Undefined: no metrics are served. @throws UsageError */
export function readMetricsDoor(
  settings: Pick<Settings<typeof metricsRows>, 'values' | 'nameOf'>,
): MetricsDoorSettings | undefined {
  const listen = readListenAddress(settings, 'metrics-listen-address');
  const tls = readTls(settings, {
    certFile: 'metrics-tls-cert-file',
    keyFile: 'metrics-tls-private-key-file',
    secretNamespace: 'metrics-dynamic-serving-ca-secret-namespace',
    secretName: 'metrics-dynamic-serving-ca-secret-name',
    minVersion: 'metrics-tls-min-version',
    dnsNames: 'metrics-dynamic-serving-dns-names',
    cipherSuites: 'metrics-tls-cipher-suites',
    leafDuration: 'metrics-dynamic-serving-leaf-duration',
  });
  return listen === undefined ? undefined : { ...listen, ...(tls === undefined ? {} : { tls }) };
}

export interface PreparedDoor {
  /** The certificate comes from a Secret: open it with a connection. */
  needsApi: boolean;
  open(surroundings: { signal: AbortSignal; connection?: OpenConnection }): Promise<Door>;
}

export function metricsDoor(settings: MetricsDoorSettings, metrics: Metrics, log: Log): PreparedDoor {
  const { setting, address, tls } = settings;
  return {
    needsApi: tls?.kind === 'dynamic',
    async open({ signal, connection }) {
      const certificate = tls === undefined ? undefined : certificateOf(tls, log, connection);
      // Without a certificate handshakes fail and are tried again by whoever scrapes: nothing else waits for it.
      certificate
        ?.run(signal)
        .catch((err: unknown) =>
          log.error(
            { err, setting },
            'the certificate of /metrics is not renewed any more: restart to try again',
          ),
        );
      const door = await openDoor({
        setting,
        address,
        onError: (err) => log.warn({ err }, 'a connection to the metrics port could not be accepted'),
        answer: (target) =>
          target.split('?', 1)[0] === '/metrics'
            ? { status: 200, contentType: metrics.contentType, body: metrics.scrape() }
            : { status: 404, contentType: 'text/plain', body: 'only /metrics is here\n' },
        ...(certificate === undefined || tls === undefined
          ? {}
          : { tls: { certificate, options: { minVersion: tls.minVersion, ciphers: tls.ciphers } } }),
      });
      log.debug({ url: `${door.url}/metrics` }, 'metrics are served');
      return door;
    },
  };
}

function certificateOf(
  tls: TlsSettings,
  log: Log,
  connection: OpenConnection | undefined,
): CertificateSource {
  const servingLog: ServingLog = {
    info: (message, fields = {}) => log.info(fields, message),
    warn: (message, fields = {}) => log.warn(fields, message),
  };
  if (tls.kind === 'files')
    return fileCertificates({
      certFile: tls.certFile,
      keyFile: tls.keyFile,
      readFile: (path) => readFile(path, 'utf8'),
      clock: systemClock,
      log: servingLog,
    });
  if (connection === undefined) throw new TypeError('a certificate from a Secret needs a connection');
  return dynamicCertificates({
    client: createKubeClient({ ...connection, component: 'cert-manager' }),
    namespace: tls.namespace,
    name: tls.name,
    dnsNames: tls.dnsNames,
    leafDuration: tls.leafDurationMs,
    component: 'cert-manager',
    clock: systemClock,
    log: servingLog,
  });
}
