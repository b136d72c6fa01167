/** One Certificate with its Secret, requests and keys as facts, and an executor for decisions: years pass in milliseconds. */
import { secondsText } from '../../api/seconds-text.ts';
import type { Certificate, CertificateSpec } from '../../api/certificate.ts';
import { parseDuration } from '../../api/duration.ts';
import { issuerChain } from '../certificate/fallback/issuer-chain.ts';
import { decide } from '../certificate/decide.ts';
import type { Decision } from '../certificate/decision.ts';
import type { Attempt, Facts, Hold, Route } from '../certificate/facts.ts';
import type { RenewalNews } from '../certificate/renewal-info/renewal-info.ts';
import type { RequestFacts } from '../certificate/request-facts.ts';
import type { SecretFacts } from '../certificate/secret-facts.ts';
import { isIssuing } from '../certificate/status.ts';
import type { SimulatedCa } from './simulated-ca.ts';

export interface Issued {
  at: number;
  notBefore: number;
  notAfter: number;
  /** What `decide` said when the attempt began. */
  reason: string;
  /** Name of the issuer. */
  by: string;
}

export class SimulatedWorld {
  readonly issued: Issued[] = [];
  readonly failures: number[] = [];
  certificate: Certificate;
  secret: SecretFacts | undefined;
  requests: RequestFacts[] = [];
  nextKeys: SecretFacts[] = [];
  route: Route;
  /** CAs that may be down or at a limit, and say when to renew; by name of the issuer. Others answer at once. */
  readonly cas = new Map<string, SimulatedCa>();
  /** Questions to CAs about renewal. */
  questions = 0;
  /** The next attempts end like this; empty: success. */
  outcomes: ('fail' | 'crash')[] = [];
  #serial = 0;
  #reason = '';
  #news: RenewalNews | undefined;
  #attempt: Attempt = {};
  #trueNow = 0;

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
      candidates: issuerChain(this.certificate).issuers.map((ref) => ({ ref, readiness: 'ready' })),
      holds: this.#holds(),
      // Told of long ago: no look every three seconds.
      ...(this.waitsUntil === undefined ? {} : { waitingSinceMs: this.requests.at(-1)?.created }),
      ...this.#acme(),
      canaries: [],
      requests: this.requests,
      nextKeys: this.nextKeys,
      claimants: [{ name: this.certificate.metadata?.name ?? '', created: '' }],
      route: this.route,
      blockedUntil: { issue: undefined, repair: undefined },
      attempt: this.#attempt,
      ownerRef: false,
      minBackoffMs: 3_600_000,
      maxBackoffMs: 32 * 3_600_000,
    };
  }

  /** Decides and acts until there is nothing left to do; answers when to look again. `trueNow`: what the clocks of CAs say. */
  run(now: number, trueNow = now): number | undefined {
    this.#trueNow = trueNow;
    for (let step = 0; step < 40; step++) {
      this.#answerLate(now);
      const decision = decide(this.facts(), now);
      const more = this.#act(decision, now);
      if (decision.askCa === true) {
        this.questions++;
        this.#news = this.#ca()?.info(this.secret!, now, trueNow);
        continue;
      }
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
        if (!isIssuing(this.certificate.status)) this.#reason = decision.reason;
        this.nextKeys = [this.#keySecret()];
        this.#status({ ...decision.status, nextPrivateKeySecretName: this.nextKeys[0]!.name });
        return true;
      case 'delete-keys':
        this.nextKeys = this.nextKeys.filter((secret) => !action.names.includes(secret.name));
        break;
      case 'create-request':
        this.requests = [
          ...this.requests,
          {
            ...this.#request(action.revision, keyOf(this.nextKeys[0])),
            created: now,
            issuerRef: action.issuerRef ?? this.certificate.spec.issuerRef,
            ...(action.earlyRenewals === undefined ? {} : { earlyRenewals: action.earlyRenewals }),
          },
        ];
        if (this.#heldUntil(this.requests.at(-1)!) <= this.#trueNow) this.#answer(now);
        else this.#pend();
        this.#status(decision.status);
        return true;
      case 'delete-requests':
        this.#drop(action.requests);
        if (decision.turnedFrom !== undefined)
          this.#attempt = { turnedFrom: [...(this.#attempt.turnedFrom ?? []), decision.turnedFrom] };
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
    if (decision.reason === 'UpToDate') this.#attempt = {};
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
        lastTransitionTime: secondsText(now),
      };
      changed.failureTime = Date.parse(secondsText(now));
    } else {
      changed.ready = {
        type: 'Ready',
        status: 'True',
        reason: 'Issued',
        lastTransitionTime: secondsText(now),
      };
      const key = request.csr.ok ? request.csr.value.publicKeyHash : '';
      const lifetime = parseDuration(this.certificate.spec.duration ?? '2160h')!;
      changed.answer = {
        ok: true,
        value: {
          publicKeyHash: key,
          notAfter: Math.floor(this.#trueNow / 1000) * 1000 + lifetime,
          chainHash: `chain-${key}`,
        },
      };
    }
    this.requests = [...this.requests.slice(0, -1), changed];
  }

  #write(request: RequestFacts, key: string, now: number): void {
    if (request.answer?.ok !== true) throw new Error('an answer was expected');
    const notBefore = Math.floor(this.#trueNow / 1000) * 1000;
    const { notAfter, chainHash } = request.answer.value;
    const name = this.certificate.spec.secretName;
    this.secret = {
      ...emptySecret(name),
      dataKeys: ['tls.crt', 'tls.key'],
      annotations: {
        'cert-manager.io/certificate-name': this.certificate.metadata?.name ?? '',
        'cert-manager.io/issuer-name': request.issuerRef.name,
        'cert-manager.io/issuer-kind': request.issuerRef.kind ?? '',
        'cert-manager.io/issuer-group': request.issuerRef.group ?? '',
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
    this.issued.push({ at: now, notBefore, notAfter, reason: this.#reason, by: request.issuerRef.name });
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

  /** The CA behind what the Secret holds. */
  #ca(): SimulatedCa | undefined {
    return this.cas.get(this.secret?.annotations['cert-manager.io/issuer-name'] ?? '');
  }

  #acme(): Pick<Facts, 'acme'> {
    const ca = this.#ca();
    if (ca === undefined) return {};
    if (!ca.offersInfo) return { acme: {} };
    return {
      acme: { renewalInfo: { asked: false, ...(this.#news === undefined ? {} : { news: this.#news }) } },
    };
  }

  #heldUntil({ issuerRef }: RequestFacts): number {
    return this.cas.get(issuerRef.name)?.heldUntil(this.#trueNow)?.until ?? 0;
  }

  #holds(): ReadonlyMap<string, Hold> {
    const holds = new Map<string, Hold>();
    for (const { uid, answer, issuerRef } of this.requests) {
      const held = answer === undefined ? this.cas.get(issuerRef.name)?.heldUntil(this.#trueNow) : undefined;
      if (held !== undefined) holds.set(uid, { problem: held.problem, until: held.until });
    }
    return holds;
  }

  #pend(): void {
    const ready = { type: 'Ready', status: 'False', reason: 'Pending', message: 'waiting' } as const;
    this.requests = [...this.requests.slice(0, -1), { ...this.requests.at(-1)!, ready }];
  }

  /** The CA is back: the request that waited goes on. */
  #answerLate(now: number): void {
    const last = this.requests.at(-1);
    if (last?.ready?.reason === 'Pending' && this.#heldUntil(last) <= this.#trueNow) this.#answer(now);
  }

  /** When a request that waits goes on, on the clocks of CAs; undefined: none waits. */
  get waitsUntil(): number | undefined {
    const last = this.requests.at(-1);
    return last?.ready?.reason === 'Pending' ? this.#heldUntil(last) : undefined;
  }

  #status(status: Certificate['status']): void {
    // Whatever was news is in it.
    this.#news = undefined;
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
