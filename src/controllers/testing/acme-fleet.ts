/** A fleet with ACME issuers whose CAs live in the test: they sign, refuse, keep waiting, and say when to renew. */
import { generateKeyPairSync } from 'node:crypto';
import type { AcmeClient, RenewalInfo } from '../../acme/acme-client.ts';
import type { CertificateRequest } from '../../api/certificate-request.ts';
import type { OrderStatus } from '../../api/order.ts';
import { certificateRequests, clusterIssuers, orders, secrets } from '../../api/resources.ts';
import type { OpenAccount } from '../../issuers/acme/account-shelf.ts';
import { fingerprintOf } from '../../issuers/acme/account-key.ts';
import { CaIssuer } from '../../issuers/ca/ca-issuer.ts';
import type { IssuerType, SignOutcome } from '../../issuers/issuer.ts';
import { issuerTypes } from '../../issuers/registry.ts';
import { SelfSignedIssuer } from '../../issuers/selfsigned/self-signed-issuer.ts';
import { CsrReader } from '../../pki/x509/csr-reader.ts';
import { generateKey } from '../../pki/keys.ts';
import { certificateFromRequest } from '../../pki/x509/certificate-from-request.ts';
import { createCsr } from '../../pki/x509/create-csr.ts';
import { parseCertificate } from '../../pki/x509/parse-certificate.ts';
import { parseCsr } from '../../pki/x509/parse-csr.ts';
import { createSigner } from '../../pki/x509/sign-certificate.ts';
import type { ControllerOptions } from '../context.ts';
import { fleetStarter, type Fleet } from './fleet.ts';

const day = 86_400_000;

/** One CA, as one ClusterIssuer reaches it. */
export class TestCa {
  readonly name: string;
  lifetimeMs = 45 * day;
  ready = true;
  /** What comes of a request. */
  outcome: 'issued' | 'pending' | 'failed' = 'issued';
  /** A request that waits is looked at again every few minutes. */
  retries = true;
  /** What the CA says about a certificate. */
  info: (certId: string) => RenewalInfo | undefined = () => undefined;
  readonly asked: string[] = [];
  readonly issued: { request: string; at: number }[] = [];

  constructor(name: string) {
    this.name = name;
  }
}

export class AcmeWorld {
  readonly cas = new Map<string, TestCa>();
  readonly types = issuerTypes([
    new CaIssuer(new CsrReader()),
    new SelfSignedIssuer(new CsrReader()),
    this.#type(),
  ]);
  readonly #account = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  now: () => number = () => 0;

  ca(name: string): TestCa {
    let ca = this.cas.get(name);
    if (ca === undefined) this.cas.set(name, (ca = new TestCa(name)));
    return ca;
  }

  readonly openAccount: OpenAccount = ({ server }) => {
    const ca = this.ca(new URL(server).hostname);
    const client = {
      renewalInfo: async (certId: string): Promise<RenewalInfo | undefined> => {
        ca.asked.push(certId);
        await Promise.resolve();
        return ca.info(certId);
      },
      close: () => Promise.resolve(),
    };
    return client as unknown as AcmeClient;
  };

  /** A ClusterIssuer and its account key. */
  async issuer(
    fleet: Fleet,
    name: string,
    more: { annotations?: object; acme?: object } = {},
  ): Promise<TestCa> {
    const ca = this.ca(name);
    const pem = this.#account.export({ type: 'pkcs8', format: 'pem' });
    const key = { 'tls.key': Buffer.from(pem).toString('base64') };
    const keyName = `${name}-account`;
    await fleet.client.create(
      secrets,
      { metadata: { name: keyName, namespace: 'kube-system' }, data: key } as never,
      { fieldManager: 'test' },
    );
    const acme = { server: `https://${name}/`, privateKeySecretRef: { name: keyName }, ...more.acme };
    await fleet.client.create(
      clusterIssuers,
      { metadata: { name, annotations: more.annotations }, spec: { acme } } as never,
      { fieldManager: 'test' },
    );
    await fleet.settle();
    return ca;
  }

  /** What the Order of a request says; there is one after this. */
  async order(fleet: Fleet, request: string, status: OrderStatus): Promise<void> {
    await fleet.settle();
    const { metadata, spec } = await fleet.client.get<CertificateRequest>(certificateRequests, {
      namespace: 'shop',
      name: request,
    });
    const owner = {
      apiVersion: 'cert-manager.io/v1',
      kind: 'CertificateRequest',
      name: request,
      uid: metadata?.uid,
    };
    await fleet.client.create(
      orders,
      {
        metadata: {
          name: `${request}-1`,
          namespace: 'shop',
          ownerReferences: [{ ...owner, controller: true }],
        },
        spec: { request: spec.request, issuerRef: spec.issuerRef },
        status,
      } as never,
      { fieldManager: 'test' },
    );
    await fleet.settle();
  }

  #type(): IssuerType {
    return {
      name: 'acme',
      component: 'acme',
      inProcess: false,
      referencedSecrets: () => [],
      check: ({ issuer }) => {
        const { ready } = this.ca(issuer.metadata?.name ?? '');
        const acme = { uri: 'https://ca/account/1', lastPrivateKeyHash: fingerprintOf(this.#account) };
        const reason = ready ? 'ACMEAccountRegistered' : 'ErrRegisterACMEAccount';
        return Promise.resolve({ ready, reason, message: '', retry: false, ...(ready ? { acme } : {}) });
      },
      sign: async ({ issuer }, { metadata, spec }): Promise<SignOutcome> => {
        const ca = this.ca(issuer.metadata?.name ?? '');
        if (ca.outcome === 'pending')
          return { kind: 'pending', reason: 'OrderPending', message: 'not yet', retry: ca.retries };
        if (ca.outcome === 'failed')
          return { kind: 'failed', reason: 'OrderFailed', message: 'the order failed' };
        const key = await generateKey({ algorithm: 'ECDSA' });
        const now = this.now();
        const own = { csr: parseCsr(createCsr({ commonName: ca.name, isCA: true }, key)), now, isCA: true };
        const root = parseCertificate(await certificateFromRequest(own, createSigner(key)));
        const csr = parseCsr(Buffer.from(spec.request, 'base64'));
        const ask = { csr, now, duration: ca.lifetimeMs, usages: spec.usages };
        const leaf = parseCertificate(await certificateFromRequest(ask, createSigner(key, root)));
        ca.issued.push({ request: metadata?.name ?? '', at: now });
        return { kind: 'issued', certificate: leaf.pem };
      },
    };
  }
}

/** Starts fleets with ACME issuers, and stops them when the tests of the calling file are over. */
export function acmeFleetStarter(): (
  options?: Partial<ControllerOptions>,
) => Promise<{ fleet: Fleet; world: AcmeWorld }> {
  const start = fleetStarter();
  return async (options) => {
    const world = new AcmeWorld();
    const fleet = await start(options, world.types, world.openAccount);
    world.now = () => fleet.clock.now();
    return { fleet, world };
  };
}
