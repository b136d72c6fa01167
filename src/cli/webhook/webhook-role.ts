/** The webhook as a role of a process: certificate, reviews, health; ended in order (spec §12, §13). */
import { readFile } from 'node:fs/promises';
import { createAdmission } from '../../admission/create-admission.ts';
import { createKubeClient } from '../../kube/http-client.ts';
import { createTransport } from '../../kube/transport.ts';
import type { CertificateSource, ServingLog } from '../../serving/certificate-source.ts';
import { dynamicCertificates } from '../../serving/dynamic-certificates.ts';
import { fileCertificates } from '../../serving/file-certificates.ts';
import type { Role, RoleContext } from '../process/role.ts';
import { untilAborted } from '../../kube/until-aborted.ts';
import { createAuthorizer } from './access-reviews.ts';
import { startReviewServer } from './review-server.ts';
import { createSignerDiscovery } from './signer-discovery.ts';
import type { WebhookOptions } from './webhook-options.ts';

const component = 'cert-manager-webhook';

export function webhookRole(options: WebhookOptions): Role {
  return { name: 'webhook', run: (context) => startWebhook(options, context) };
}

/** Serves until the signal aborts; rejects when the certificate or the port cannot be had. */
export async function startWebhook(options: WebhookOptions, context: RoleContext): Promise<void> {
  const { connection, clock, log, signal, health } = context;
  const certificate = certificateOf(options, context);
  if (certificate !== undefined)
    health.addServing({
      name: 'servingCertificate',
      check: () =>
        certificate.current === undefined
          ? (certificate.problem ?? 'there is no serving certificate yet')
          : undefined,
      note: () => certificate.problem,
    });
  const transport = createTransport(connection, component);
  const validate = createAdmission({
    authorize: createAuthorizer(transport, clock, log),
    signerExists: createSignerDiscovery(transport, clock),
    stamp: false,
  });
  const stop = new AbortController();
  const ended = AbortSignal.any([signal, stop.signal]);
  const renewing = certificate?.run(ended);
  try {
    const { setting, host, port, clients } = options;
    const { ciphers, minVersion } = options.certificate ?? {};
    const tls = {
      ...(ciphers !== undefined && { ciphers }),
      ...(minVersion !== undefined && { minVersion }),
    };
    const server = await startReviewServer({ setting, host, port, tls, clients, certificate, validate, log });
    log.info({ port: server.port, tls: certificate !== undefined }, 'the webhook serves reviews');
    try {
      await Promise.race([untilAborted(ended), ...(renewing === undefined ? [] : [renewing])]);
    } finally {
      await server.close();
    }
  } finally {
    stop.abort();
    await renewing;
  }
}

function certificateOf(options: WebhookOptions, context: RoleContext): CertificateSource | undefined {
  const { clock, log, connection } = context;
  const told: ServingLog = {
    info: (message, fields = {}) => log.info(fields, message),
    warn: (message, fields = {}) => log.warn(fields, message),
  };
  const { certificate } = options;
  if (certificate === undefined) return undefined;
  if (certificate.kind === 'files') {
    const read = (path: string): Promise<string> => readFile(path, 'utf8');
    return fileCertificates({ ...certificate, readFile: read, clock, log: told });
  }
  const client = createKubeClient({ ...connection, component });
  const { leafDurationMs: leafDuration } = certificate;
  return dynamicCertificates({ ...certificate, leafDuration, client, component, clock, log: told });
}
