/** The settings of the webhook, read once into what its parts ask for (spec/operations.md §4). */
import { messageOf } from '../../api/message-of.ts';
import { readFile } from 'node:fs/promises';
import type { webhookTable } from '../configuration/webhook-table.ts';
import type { Settings } from '../configuration/settings.ts';
import { EnvironmentError, UsageError } from '../errors.ts';
import { readTls, type TlsSettings } from '../process/tls-settings.ts';
import type { ClientVerification } from './review-server.ts';

export type WebhookSettings = Settings<(typeof webhookTable)['rows']>;

export interface WebhookOptions {
  /** Names the setting of the port in messages. */
  setting: string;
  host: string;
  port: number;
  /** Absent: plain HTTP, for tests. */
  certificate?: TlsSettings;
  clients?: ClientVerification;
}

/** @throws CliError */
export async function readWebhookOptions(settings: WebhookSettings): Promise<WebhookOptions> {
  const { values } = settings;
  const certificate = readTls(settings, {
    certFile: 'tls-cert-file',
    keyFile: 'tls-private-key-file',
    secretNamespace: 'dynamic-serving-ca-secret-namespace',
    secretName: 'dynamic-serving-ca-secret-name',
    minVersion: 'tls-min-version',
    dnsNames: 'dynamic-serving-dns-names',
    cipherSuites: 'tls-cipher-suites',
    leafDuration: 'dynamic-serving-leaf-duration',
  });
  const clients = await readClients(settings, certificate !== undefined);
  return {
    setting: settings.nameOf('secure-port'),
    host: '::',
    port: values['secure-port'],
    ...(certificate && { certificate }),
    ...(clients && { clients }),
  };
}

async function readClients(
  { values, nameOf }: WebhookSettings,
  tls: boolean,
): Promise<ClientVerification | undefined> {
  const [file, subjects] = [values['client-ca-path'], values['client-subject-names']];
  const wanted = values['enable-client-verification'];
  if (!wanted) {
    if (subjects.length > 0 || file !== '')
      throw new UsageError(
        nameOf(file === '' ? 'client-subject-names' : 'client-ca-path'),
        file === '' ? subjects.join(',') : file,
        'needs --enable-client-verification: without it every client is served',
      );
    return undefined;
  }
  if (file === '') throw new UsageError(nameOf('client-ca-path'), '', 'name the CA of client certificates');
  if (!tls)
    throw new UsageError(
      nameOf('enable-client-verification'),
      'true',
      'needs TLS: set a serving certificate',
    );
  try {
    return { ca: await readFile(file, 'utf8'), subjects };
  } catch (error) {
    const reason = messageOf(error);
    throw new EnvironmentError('cli/config', `${nameOf('client-ca-path')}: ${reason}`, error);
  }
}
