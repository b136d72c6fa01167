/** Signing CertificateSigningRequests on either server: controllers with the signers on, a CA, and requests of an administrator. */
import { generateKeyPairSync } from 'node:crypto';
import type { TestContext } from 'node:test';
import type {
  CertificateSigningRequest,
  SigningCondition,
} from '../../src/api/certificate-signing-request.ts';
import type { Event, Secret } from '../../src/api/core.ts';
import {
  certificateSigningRequests as requests,
  clusterIssuers,
  events,
  issuers,
  secrets,
} from '../../src/api/resources.ts';
import { certificateSigningRequestModule } from '../../src/controllers/certificatesigningrequest/controller.ts';
import { startControllers, type Controllers } from '../../src/controllers/manager.ts';
import { createIssuerTypes } from '../../src/issuers/registry.ts';
import type { KubeClient, WriteOptions } from '../../src/kube/client.ts';
import { systemClock } from '../../src/kube/clock.ts';
import { encodePem } from '../../src/pki/pem.ts';
import { encodePrivateKey } from '../../src/pki/private-key.ts';
import { certificateFromRequest } from '../../src/pki/x509/certificate-from-request.ts';
import { createCsr } from '../../src/pki/x509/create-csr.ts';
import { parseCertificates, type ParsedCertificate } from '../../src/pki/x509/parse-certificate.ts';
import { parseCsr } from '../../src/pki/x509/parse-csr.ts';
import { createSigner } from '../../src/pki/x509/sign-certificate.ts';
import { until } from '../cluster/until.ts';
import { openApi } from '../servers/api-under-test.ts';

export const byTest = { fieldManager: 'test' };
/** The typed verbs know the status subresource only: nobody but approvers writes this one. */
const approval = { fieldManager: 'test', subresource: 'approval' } as unknown as WriteOptions;
export const base64 = (text: string): string => Buffer.from(text).toString('base64');

export class SigningWorld {
  readonly client: KubeClient;
  readonly problems: string[] = [];
  #controllers: Controllers | undefined;
  readonly #made: string[] = [];

  private constructor(client: KubeClient) {
    this.client = client;
  }

  /** @param ours what the controllers ask with; absent: as the administrator */
  static async open(
    t: TestContext,
    ours?: (admin: KubeClient) => Promise<KubeClient>,
  ): Promise<SigningWorld> {
    const api = await openApi({
      dataDir: ':memory:',
      fresh: true,
      namespaces: ['shop', 'cert-manager'],
      now: Date.now,
    });
    const world = new SigningWorld(api.client());
    t.after(async () => {
      await world.#controllers?.stop();
      await Promise.allSettled(world.#made.map((name) => world.client.delete(requests, { name })));
      await api.close();
    });
    await world.#begin(ours === undefined ? api.client() : await ours(world.client));
    return world;
  }

  async #begin(client: KubeClient): Promise<void> {
    const silent = (): void => undefined;
    this.#controllers = startControllers({
      client,
      clock: systemClock,
      random: () => 0.5,
      log: {
        debug: silent,
        info: silent,
        warn: silent,
        error: (_fields, message) => void this.problems.push(message),
      },
      options: { clusterResourceNamespace: 'cert-manager' },
      issuerTypes: createIssuerTypes(),
      modules: [
        certificateSigningRequestModule(
          new Set(['certificatesigningrequests-issuer-ca', 'certificatesigningrequests-issuer-selfsigned']),
        ),
      ],
    });
    await this.#controllers.synced;
  }

  /** A ClusterIssuer `ca`, or an Issuer of that name. Answers the CA in PEM. */
  async ca(namespace?: string): Promise<string> {
    const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const csr = parseCsr(createCsr({ commonName: 'Root', isCA: true }, key));
    const pem = encodePem(
      'CERTIFICATE',
      await certificateFromRequest({ csr, now: Date.now(), isCA: true }, createSigner(key)),
    );
    const secret: Secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'root', namespace: namespace ?? 'cert-manager' },
      data: { 'tls.crt': base64(pem), 'tls.key': base64(encodePrivateKey(key)) },
    };
    await this.client.create(secrets, secret, byTest);
    await this.issuer('ca', { ca: { secretName: 'root' } }, namespace);
    return pem;
  }

  async issuer(name: string, spec: object, namespace?: string): Promise<void> {
    const [type, kind] = namespace === undefined ? [clusterIssuers, 'ClusterIssuer'] : [issuers, 'Issuer'];
    const issuer = { apiVersion: 'cert-manager.io/v1', kind, metadata: { name, namespace }, spec };
    await this.client.create(type, issuer, byTest);
  }

  async ask(
    name: string,
    spec: Partial<CertificateSigningRequest['spec']> = {},
    annotations: Record<string, string> = {},
    client = this.client,
  ): Promise<void> {
    const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const pem = encodePem('CERTIFICATE REQUEST', createCsr({ commonName: name, encodeUsages: false }, key));
    const request: CertificateSigningRequest = {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name, annotations },
      spec: {
        request: base64(pem),
        signerName: 'clusterissuers.cert-manager.io/ca',
        usages: ['digital signature', 'server auth'],
        ...spec,
      },
    };
    this.#made.push(name);
    await client.create(requests, request, byTest);
  }

  async approve(name: string, type = 'Approved'): Promise<void> {
    const condition: SigningCondition = { type, status: 'True', reason: 'ByTest', message: 'looked at' };
    await this.client.patch(requests, { name }, 'merge', { status: { conditions: [condition] } }, approval);
  }

  get(name: string): Promise<CertificateSigningRequest> {
    return this.client.get<CertificateSigningRequest>(requests, { name });
  }

  async chain(name: string): Promise<ParsedCertificate[]> {
    let seen: CertificateSigningRequest['status'];
    await until(
      () => `${name} is signed: ${JSON.stringify(seen)} ${this.problems.join('; ')}`,
      async () => (seen = (await this.get(name)).status)?.certificate !== undefined,
    );
    return parseCertificates(Buffer.from(seen?.certificate ?? '', 'base64'));
  }

  async failure(name: string): Promise<string | undefined> {
    let failed: SigningCondition | undefined;
    await until(`${name} has failed`, async () => {
      failed = (await this.get(name)).status?.conditions?.find(({ type }) => type === 'Failed');
      return failed !== undefined;
    });
    return failed?.reason;
  }

  /** Waits for an event about the request with this reason. */
  async told(name: string, reason: string): Promise<Event> {
    let found: Event | undefined;
    await until(`an event ${reason} about ${name}`, async () => {
      const { items } = await this.client.list<Event>(events, { namespace: 'default' });
      found = items.find((event) => event.involvedObject.name === name && event.reason === reason);
      return found !== undefined;
    });
    return found!;
  }
}
