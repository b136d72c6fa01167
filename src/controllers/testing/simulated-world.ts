/** One Certificate with its Secret, requests and keys as facts, and an executor for decisions: years pass in milliseconds. */
import type { Certificate, CertificateSpec } from '../../api/certificate.ts';
import { parseDuration } from '../../api/duration.ts';
import { issuerChain } from '../certificate/fallback/issuer-chain.ts';
import { decide } from '../certificate/decide.ts';
import type { Decision } from '../certificate/decision.ts';
import type { Facts, Route } from '../certificate/facts.ts';
import type { RequestFacts } from '../certificate/request-facts.ts';
import type { SecretFacts } from '../certificate/secret-facts.ts';
import { timestamp } from '../certificate/status.ts';

export interface Issued {
  at: number;
  notBefore: number;
  notAfter: number;
  /** What `decide` said when the attempt began. */
  reason: string;
}

export class SimulatedWorld {
  readonly issued: Issued[] = [];
  readonly failures: number[] = [];
  certificate: Certificate;
  secret: SecretFacts | undefined;
  requests: RequestFacts[] = [];
  nextKeys: SecretFacts[] = [];
  route: Route;
  /** The next attempts end like this; empty: success. */
  outcomes: ('fail' | 'crash')[] = [];
  #serial = 0;
  #reason = '';

  constructor(name: string, spec: Partial<CertificateSpec>, route: Route['kind'] = 'fast') {
    this.route = route === 'fast' ? { kind: 'fast' } : { kind: 'durable' };
    this.certificate = {
      metadata: {
        name,
        namespace: 'sim',
        uid: name,
        generation: 1,
        creationTimestamp: '2026-01-01T00:00:00Z',
      },
      spec: {
        secretName: name,
        dnsNames: [`${name}.example.com`],
        privateKey: { algorithm: 'ECDSA', size: 256 },
        issuerRef: { name: 'ca' },
        ...spec,
      },
    };
  }

  facts(): Facts {
    return {
      certificate: this.certificate,
      secret: this.secret,
      chain: issuerChain(this.certificate),
      candidates: [{ ref: this.certificate.spec.issuerRef, readiness: 'ready' }],
      canaries: [],
      requests: this.requests,
      nextKeys: this.nextKeys,
      claimants: [{ name: this.certificate.metadata?.name ?? '', created: '' }],
      route: this.route,
      blockedUntil: { issue: undefined, repair: undefined },
      attempt: {},
      ownerRef: false,
      minBackoffMs: 3_600_000,
      maxBackoffMs: 32 * 3_600_000,
    };
  }

  /** Decides and acts until there is nothing left to do; answers when to look again. */
  run(now: number): number | undefined {
    for (let step = 0; step < 40; step++) {
      const decision = decide(this.facts(), now);
      const more = this.#act(decision, now);
      if (!more) return decision.recheckAt;
    }
    throw new Error(`${this.certificate.metadata?.name} never settles`);
  }

  #act(decision: Decision, now: number): boolean {
    const { action } = decision;
    switch (action.kind) {
      case 'issue':
        this.#reason = decision.reason;
        this.#drop(action.stale);
        return this.#fast(action.revision, now);
      case 'store-key':
        this.nextKeys = [this.#keySecret()];
        this.#status({ ...decision.status, nextPrivateKeySecretName: this.nextKeys[0]!.name });
        return true;
      case 'delete-keys':
        this.nextKeys = this.nextKeys.filter((secret) => !action.names.includes(secret.name));
        break;
      case 'create-request':
        this.requests = [...this.requests, this.#request(action.revision, keyOf(this.nextKeys[0]))];
        this.#answer(now);
        return true;
      case 'delete-requests':
        this.#drop(action.requests);
        return true;
      case 'write-secret':
        this.#write(action.request, keyOf(this.nextKeys[0]), now);
        return true;
      case 'write-temporary':
      case 'repair-secret':
        throw new Error(`${action.kind} has no place in this simulation`);
      case 'none':
        break;
    }
    if (decision.events.some(({ component }) => component.endsWith('trigger')))
      this.#reason = decision.reason;
    if (decision.reason === 'Failed') this.failures.push(now);
    this.#status(decision.status);
    return decision.again === true;
  }

  #fast(revision: number, now: number): boolean {
    const outcome = this.outcomes.shift();
    const key = `key-${++this.#serial}`;
    this.requests = [...this.requests, this.#request(revision, key)];
    // The process dies with the key in its memory, and starts again.
    if (outcome === 'crash') return true;
    this.outcomes.unshift(...(outcome === undefined ? [] : [outcome]));
    this.#answer(now);
    const request = this.requests.at(-1)!;
    if (request.answer !== undefined) this.#write(request, key, now);
    return true;
  }

  #answer(now: number): void {
    const request = this.requests.at(-1)!;
    const changed: RequestFacts = { ...request };
    if (this.outcomes.shift() === 'fail') {
      changed.ready = {
        type: 'Ready',
        status: 'False',
        reason: 'Failed',
        message: 'no',
        lastTransitionTime: timestamp(now),
      };
      changed.failureTime = Date.parse(timestamp(now));
    } else {
      changed.ready = { type: 'Ready', status: 'True', reason: 'Issued', lastTransitionTime: timestamp(now) };
      const key = request.csr.ok ? request.csr.value.publicKeyHash : '';
      const lifetime = parseDuration(this.certificate.spec.duration ?? '2160h')!;
      changed.answer = {
        ok: true,
        value: {
          publicKeyHash: key,
          notAfter: Math.floor(now / 1000) * 1000 + lifetime,
          chainHash: `chain-${key}`,
        },
      };
    }
    this.requests = [...this.requests.slice(0, -1), changed];
  }

  #write(request: RequestFacts, key: string, now: number): void {
    if (request.answer?.ok !== true) throw new Error('an answer was expected');
    const notBefore = Math.floor(now / 1000) * 1000;
    const { notAfter, chainHash } = request.answer.value;
    const name = this.certificate.spec.secretName;
    this.secret = {
      ...emptySecret(name),
      dataKeys: ['tls.crt', 'tls.key'],
      annotations: {
        'cert-manager.io/certificate-name': this.certificate.metadata?.name ?? '',
        'cert-manager.io/issuer-name': 'ca',
        'cert-manager.io/issuer-kind': '',
        'cert-manager.io/issuer-group': '',
      },
      privateKey: { ok: true, value: { algorithm: 'ECDSA', size: 256, publicKeyHash: key } },
      certificate: {
        ok: true,
        value: {
          commonName: '',
          dnsNames: this.certificate.spec.dnsNames ?? [],
          ipAddresses: [],
          uris: [],
          emailAddresses: [],
          notBefore,
          notAfter,
          publicKeyHash: key,
          fingerprint: chainHash,
          details: {},
        },
      },
      chainHash,
      owned: {
        ok: true,
        value: {
          labels: ['controller.cert-manager.io/fao'],
          annotations: [],
          data: [],
          ownerReferences: false,
        },
      },
    };
    this.issued.push({ at: now, notBefore, notAfter, reason: this.#reason });
  }

  #request(revision: number, key: string): RequestFacts {
    const { spec } = this.certificate;
    const none: string[] = [];
    const subject = {
      commonName: '',
      serialNumber: '',
      organizations: none,
      countries: none,
      localities: none,
      organizationalUnits: none,
      postalCodes: none,
      provinces: none,
      streetAddresses: none,
    };
    return {
      name: `${this.certificate.metadata?.name}-${revision}`,
      uid: `request-${++this.#serial}`,
      revision,
      issuerRef: spec.issuerRef,
      isCA: false,
      usages: [],
      csr: {
        ok: true,
        value: {
          subject,
          subjectDer: '',
          dnsNames: spec.dnsNames ?? [],
          ipAddresses: none,
          uris: none,
          emailAddresses: none,
          otherNames: none,
          publicKeyHash: key,
        },
      },
    };
  }

  #keySecret(): SecretFacts {
    const publicKeyHash = `key-${++this.#serial}`;
    return {
      ...emptySecret(`next-${this.#serial}`),
      privateKey: { ok: true, value: { algorithm: 'ECDSA', size: 256, publicKeyHash } },
    };
  }

  #drop(doomed: readonly RequestFacts[]): void {
    this.requests = this.requests.filter((request) => !doomed.some(({ uid }) => uid === request.uid));
  }

  #status(status: Certificate['status']): void {
    this.certificate = { ...this.certificate, status };
  }
}

function keyOf(secret: SecretFacts | undefined): string {
  if (secret?.privateKey?.ok !== true) throw new Error('there is no stored key');
  return secret.privateKey.value.publicKeyHash;
}

function emptySecret(name: string): SecretFacts {
  return {
    key: `sim/${name}`,
    namespace: 'sim',
    name,
    uid: name,
    resourceVersion: '1',
    immutable: false,
    labels: { 'controller.cert-manager.io/fao': 'true' },
    annotations: {},
    ownerReferences: [],
    metadataOnly: false,
    dataKeys: [],
    emptyKeys: [],
    hasCa: false,
    owned: { ok: true, value: { labels: [], annotations: [], data: [], ownerReferences: false } },
    foreignWriters: [],
  };
}
