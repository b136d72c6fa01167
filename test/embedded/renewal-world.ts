/** Server, admission, controllers and an external issuer in one process, on a clock that the test moves through months. */
import type { CertificateRequest } from '../../src/api/certificate-request.ts';
import { certificateRequests } from '../../src/api/resources.ts';
import { parseDuration } from '../../src/api/duration.ts';
import type { Log, SharedInformers } from '../../src/controllers/context.ts';
import { startControllers, type Controllers } from '../../src/controllers/manager.ts';
import { createIssuerTypes } from '../../src/issuers/registry.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { createFakeClock, type FakeClock } from '../../src/kube/testing/fake-clock.ts';
import { generateKey } from '../../src/pki/keys.ts';
import { encodePem } from '../../src/pki/pem.ts';
import { certificateFromRequest } from '../../src/pki/x509/certificate-from-request.ts';
import { parseCsr } from '../../src/pki/x509/parse-csr.ts';
import { createSigner, type CertificateSigner } from '../../src/pki/x509/sign-certificate.ts';
import { openApi, type ApiUnderTest } from '../servers/api-under-test.ts';
import { onEveryChange } from '../servers/caught-up.ts';
import { CallCounter } from './call-counter.ts';

export const externalRef = { name: 'partner', kind: 'PartnerIssuer', group: 'example.com' };
const quietTurns = 6;

export class RenewalWorld {
  readonly clock: FakeClock;
  readonly problems: string[] = [];
  /** The external issuer refuses while this is set. */
  outage = false;
  /** Requests that the external issuer refused, with the time. */
  readonly refusals: number[] = [];
  client!: KubeClient;
  controllers!: Controllers;
  readonly #dataDir: string;
  readonly #follow: (controllers: Controllers) => void;
  /** Certificates whose action is under way: keys are made in the thread pool, which no turn waits for. */
  readonly #busy = new Set<string>();
  readonly #asked = new Set<string>();
  #api!: ApiUnderTest;
  #opened = false;
  /** While the controllers keep them up to date. */
  #caches: SharedInformers | undefined;
  #signer!: CertificateSigner;
  readonly #calls = new CallCounter();
  /** Changes that reached a cache. */
  #heard = 0;

  /** `follow` is called with each new set of controllers before they begin. */
  constructor(startMs: number, dataDir: string, follow: (controllers: Controllers) => void) {
    this.clock = createFakeClock(startMs, () => this.settle());
    this.#dataDir = dataDir;
    this.#follow = follow;
  }

  async open(): Promise<void> {
    this.#signer ??= createSigner(await generateKey({ algorithm: 'ECDSA' }));
    this.#api = await openApi({
      dataDir: this.#dataDir,
      fresh: !this.#opened,
      now: () => this.clock.now(),
      historyLimit: 1024,
    });
    this.#opened = true;
    this.client = this.#calls.counted(this.#api.client());
  }

  async start(): Promise<void> {
    const note = (fields: object): void => {
      if (!('certificate' in fields) || typeof fields.certificate !== 'string') return;
      // Each step of a Certificate begins with a line: the step before it is over.
      const works = 'decision' in fields && (fields.decision === 'issue' || fields.decision === 'store-key');
      if (works) this.#busy.add(fields.certificate);
      else this.#busy.delete(fields.certificate);
    };
    const error: Log['error'] = (fields, message) => {
      note(fields);
      this.problems.push(`${message} ${'err' in fields ? String(fields.err) : ''}`);
    };
    this.controllers = startControllers({
      client: this.client,
      clock: this.clock,
      random: () => 0.5,
      log: { debug: note, info: note, warn: note, error },
      issuerTypes: createIssuerTypes(),
    });
    this.controllers.informers.certificateRequests.onChange(({ key, current }) => {
      if (current?.spec.issuerRef.group === externalRef.group) this.#asked.add(key);
    });
    onEveryChange(this.controllers.informers, () => this.#heard++);
    this.#follow(this.controllers);
    await this.controllers.synced;
    this.#caches = this.controllers.informers;
    await this.settle();
  }

  async stop(): Promise<void> {
    this.#caches = undefined;
    await this.controllers.stop();
    this.#busy.clear();
  }

  async close(): Promise<void> {
    await this.stop();
    await this.#api.close();
  }

  async settle(): Promise<void> {
    for (let waited = true; waited;) {
      await this.#quiet();
      const before = this.#activity;
      waited = (await this.#api.settled(this.#caches)) || this.#activity !== before;
    }
  }

  get #activity(): number {
    return this.#calls.changes + this.#heard;
  }

  async #quiet(): Promise<void> {
    for (let quiet = 0; quiet < quietTurns;) {
      const before = this.#activity;
      await new Promise((resolve) => setImmediate(resolve));
      quiet = this.#activity !== before || this.#calls.inFlight > 0 || this.#busy.size > 0 ? 0 : quiet + 1;
      if (quiet === quietTurns && this.#asked.size > 0) {
        for (const key of this.#asked) await this.#answer(key);
        quiet = 0;
      }
    }
  }

  async #answer(key: string): Promise<void> {
    this.#asked.delete(key);
    const request = this.controllers.informers.certificateRequests.get(key);
    const conditions = request?.status?.conditions ?? [];
    if (request === undefined || conditions.some(({ type }) => type === 'Ready')) return;
    if (!conditions.some(({ type, status }) => type === 'Approved' && status === 'True')) return;
    const now = this.clock.now();
    const at = `${new Date(now).toISOString().slice(0, 19)}Z`;
    const ready = {
      type: 'Ready',
      message: this.outage ? 'we are closed' : 'signed',
      lastTransitionTime: at,
    };
    const status: CertificateRequest['status'] = this.outage
      ? {
          failureTime: at,
          conditions: [...conditions, { ...ready, status: 'False', reason: 'Failed' }],
        }
      : {
          certificate: await this.#sign(request),
          conditions: [...conditions, { ...ready, status: 'True', reason: 'Issued' }],
        };
    if (this.outage) this.refusals.push(now);
    const { namespace, name = '' } = request.metadata ?? {};
    const options = { fieldManager: 'partner', subresource: 'status' } as const;
    await this.client.patch(certificateRequests, { namespace, name }, 'merge', { status }, options);
  }

  async #sign({ spec }: CertificateRequest): Promise<string> {
    const csr = parseCsr(Buffer.from(spec.request, 'base64'));
    const duration = parseDuration(spec.duration ?? '2160h');
    const ask = { csr, now: this.clock.now(), duration, usages: spec.usages };
    const der = await certificateFromRequest(ask, this.#signer);
    return Buffer.from(encodePem('CERTIFICATE', der)).toString('base64');
  }
}
