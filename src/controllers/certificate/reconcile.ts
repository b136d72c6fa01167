/** Decide and act, again and again, until nothing is left to do about one Certificate. */
import { messageOf } from '../../api/message-of.ts';
import type { Certificate } from '../../api/certificate.ts';
import type { CertificateRequest } from '../../api/certificate-request.ts';
import { createKeyGenerator, type KeyGenerator } from '../../pki/keys.ts';
import { CsrReader } from '../../pki/x509/csr-reader.ts';
import { cacheKey } from '../../kube/cache.ts';
import { controllerOf } from '../../api/components.ts';
import { ConflictError } from '../../kube/errors.ts';
import type { ControllerContext } from '../context.ts';
import { createRequest, repairSecret, storeKey, writeSecret, writeTemporary } from './act-durable.ts';
import { Actions } from './actions.ts';
import { createBreaker, type Breaker, type Repeated } from './breaker.ts';
import { components } from './constants.ts';
import { decide } from './decide.ts';
import type { Decision } from './decision.ts';
import { ChangedMeanwhileError, isRefusal, KeystorePasswordError, RequestInvalidError } from './errors.ts';
import type { Attempt, Facts } from './facts.ts';
import { gather, type GatherDeps, type Waiting } from './gather.ts';
import { inspectAnswer, type Inspection } from './inspect-answer.ts';
import { issueFast, type FastDeps } from './issue-fast.ts';
import { KeyFacts } from './key-facts.ts';
import { requestName } from './naming.ts';
import { acmeOrigin } from './renewal-info/certificate-origin.ts';
import { rememberGone, type Pass } from './pass.ts';
import type { RenewalInfoPoller } from './renewal-info/poller.ts';
import type { RequestFactsBook } from './request-trim.ts';
import { fail, situation } from './situation.ts';
import { conditionOf, sameStatus, withCondition } from './status.ts';

/** Steps of one pass; a durable issuance needs about eight. More means that somebody undoes them as we go. */
const mostSteps = 16;
/** Decisions that do not end well by themselves: who looks for trouble in the log has to find them by their level. */
const needsSomebody: ReadonlySet<string> = new Set([
  'Failed',
  'Denied',
  'InvalidRequest',
  'InvalidCertificate',
  'Tripped',
  'WindowError',
]);

export interface ReconcilerOptions {
  keys?: KeyGenerator;
  breaker?: Breaker;
  /** Shared with the signers of the same process. */
  csrs?: CsrReader;
  /** Shared with whoever fills the cache of Secrets. */
  keyFacts?: KeyFacts;
  /** Asks CAs when to renew; absent: none is asked. */
  poller?: RenewalInfoPoller;
  /** Looks at what an issuer answered; `inspectAnswer` when absent. */
  inspect?: (request: CertificateRequest, chainPem: Buffer) => Inspection;
}

export class Reconciler {
  readonly #context: ControllerContext;
  readonly #actions: Actions;
  readonly #keys: KeyGenerator;
  readonly #breaker: Breaker;
  readonly #waiting = new Map<string, Waiting>();
  readonly #attempts = new Map<string, Attempt>();
  readonly #gone = new Set<string>();
  readonly #csrs: CsrReader;
  readonly #keyFacts: KeyFacts;
  readonly #gather: GatherDeps;
  readonly #inspect: NonNullable<ReconcilerOptions['inspect']>;

  constructor(context: ControllerContext, book: RequestFactsBook, options: ReconcilerOptions = {}) {
    this.#context = context;
    this.#actions = new Actions(context);
    this.#keys = observed(options.keys ?? createKeyGenerator(), context);
    this.#breaker = options.breaker ?? createBreaker();
    this.#inspect = options.inspect ?? inspectAnswer;
    this.#csrs = options.csrs ?? new CsrReader();
    this.#keyFacts = options.keyFacts ?? new KeyFacts();
    this.#gather = {
      context,
      book,
      breaker: this.#breaker,
      keyFacts: this.#keyFacts,
      waiting: this.#waiting,
      attempts: this.#attempts,
      ...(options.poller === undefined ? {} : { poller: options.poller }),
    };
  }

  /** The decision as it would be taken now, without acting on it; undefined when there is no such Certificate. */
  async explain(key: string): Promise<Decision | undefined> {
    const certificate = this.#context.informers.certificates.get(key);
    if (certificate === undefined) return undefined;
    return decide(await gather(this.#gather, certificate, new Set()), this.#context.clock.now());
  }

  forget(uid: string): void {
    this.#breaker.forget(uid);
    this.#waiting.delete(uid);
    this.#attempts.delete(uid);
  }

  /** Certificates of which something is remembered. */
  get remembered(): number {
    return Math.max(this.#breaker.size, this.#waiting.size, this.#attempts.size);
  }

  async reconcile(key: string): Promise<{ after?: number } | undefined> {
    const { certificates } = this.#context.informers;
    const uid = certificates.get(key)?.metadata?.uid;
    try {
      return await this.#bringForward(key);
    } finally {
      // It may have been deleted in the middle of a step, which then remembered something about nobody.
      if (uid !== undefined && certificates.get(key)?.metadata?.uid !== uid) this.forget(uid);
      if (certificates.get(key) === undefined) {
        this.#context.observer.breaker(key, undefined);
        this.#gather.poller?.forget(key);
      }
    }
  }

  async #bringForward(key: string): Promise<{ after?: number } | undefined> {
    const { informers, clock, log, observer } = this.#context;
    const pass: Pass = { gone: this.#gone };
    for (let step = 0; step < mostSteps; step++) {
      const certificate = informers.certificates.get(key);
      if (certificate === undefined || certificate.metadata?.deletionTimestamp !== undefined)
        return undefined;
      const facts = await gather(this.#gather, certificate, pass.gone);
      const nowMs = clock.now();
      const decision = decide(facts, nowMs);
      this.#remember(certificate, decision, nowMs);
      const isNews = decision.action.kind !== 'none' || !sameStatus(certificate.status, decision.status);
      const level = isNews ? (needsSomebody.has(decision.reason) ? 'warn' : 'info') : 'debug';
      log[level](
        { certificate: key, decision: decision.action.kind, reason: decision.reason },
        decision.message,
      );
      observer.breaker(key, decision.reason === 'Tripped' ? decision.recheckAt : undefined);
      const tell = (failed: boolean): void =>
        observer.step(
          controllerOf(decision.manager) ?? 'certificates-readiness',
          decision.action.kind === 'none' ? decision.reason : decision.action.kind,
          failed,
        );
      let again: boolean;
      try {
        again = await this.#carryOut(facts, decision, pass, nowMs);
        tell(false);
      } catch (error) {
        tell(!(error instanceof ConflictError));
        throw error;
      }
      if (!again)
        return decision.recheckAt === undefined
          ? undefined
          : { after: Math.max(0, decision.recheckAt - clock.now()) };
    }
    throw new ChangedMeanwhileError(`Certificate "${key}" changes faster than it can be brought in order`);
  }

  /** Answers whether to decide once more at once. */
  async #carryOut(facts: Facts, decision: Decision, pass: Pass, nowMs: number): Promise<boolean> {
    const { action } = decision;
    const { certificate } = facts;
    try {
      switch (action.kind) {
        case 'none':
          return await this.#settle(facts, decision);
        case 'issue':
          return await this.#issue(facts, decision, nowMs);
        case 'store-key': {
          const stored = await storeKey(this.#deps, facts, action);
          pass.stored = stored;
          return await this.#settle(facts, {
            ...decision,
            status: { ...decision.status, nextPrivateKeySecretName: stored.name },
            events: [...decision.events, ...stored.events],
          });
        }
        case 'delete-keys': {
          const doomed = facts.nextKeys.filter((secret) => action.names.includes(secret.name));
          await this.#actions.deleteSecrets(certificate.metadata?.namespace ?? '', doomed);
          rememberGone(pass.gone, doomed);
          return await this.#settle(facts, decision);
        }
        case 'delete-requests':
          await this.#actions.deleteRequests(certificate.metadata?.namespace ?? '', action.requests);
          rememberGone(pass.gone, action.requests);
          if (decision.turnedFrom !== undefined) {
            const before = facts.attempt.turnedFrom ?? [];
            this.#attempt(certificate, { turnedFrom: [...before, decision.turnedFrom] });
          }
          this.#actions.tell(certificate, decision.events);
          return true;
        case 'create-request':
          this.#attempt(certificate, { made: await createRequest(this.#deps, facts, action, pass.stored) });
          return await this.#settle(facts, decision);
        case 'write-secret': {
          if (action.repeated) this.#book('issue', certificate, nowMs);
          const { refusal, warnings } = await writeSecret(this.#deps, facts, action, this.#inspect);
          if (refusal === undefined) {
            this.#warn(certificate, warnings);
            return true;
          }
          const found = situation(facts, nowMs, certificate.status?.revision);
          return await this.#settle(
            facts,
            fail(found, { reason: 'InvalidCertificate', message: refusal }, action.request),
          );
        }
        case 'write-temporary':
          await writeTemporary(this.#deps, facts, action.keySecret);
          this.#actions.tell(certificate, decision.events);
          return true;
        case 'repair-secret':
          this.#book('repair', certificate, nowMs);
          await repairSecret(this.#deps, facts);
          return true;
        default:
          return action satisfies never;
      }
    } catch (error) {
      return await this.#failed(facts, decision, error, nowMs);
    }
  }

  get #deps(): FastDeps {
    return {
      context: this.#context,
      actions: this.#actions,
      keys: this.#keys,
      csrs: this.#csrs,
      keyFacts: this.#keyFacts,
    };
  }

  async #issue(facts: Facts, decision: Decision, nowMs: number): Promise<boolean> {
    const { action } = decision;
    if (action.kind !== 'issue') return false;
    const { certificate } = facts;
    if (action.repeated) this.#book('issue', certificate, nowMs);
    const outcome = await issueFast(this.#deps, facts, decision, action);
    const { uid = '', generation = 0, namespace, name = '' } = certificate.metadata ?? {};
    const request = this.#context.informers.certificateRequests.get(
      cacheKey(namespace, requestName(name, action.revision)),
    );
    if (outcome === 'refused') this.#attempt(certificate, { made: request?.metadata?.uid });
    if (outcome === 'later') this.#waiting.set(uid, { generation, sinceMs: nowMs, durable: true });
    return true;
  }

  /** Status write if there is something to write, then its events. */
  async #settle(facts: Facts, decision: Decision): Promise<boolean> {
    const { certificate } = facts;
    if (!sameStatus(certificate.status, decision.status)) {
      await this.#actions.writeStatus(certificate, decision.status, decision.manager);
    }
    const { namespace, name = '' } = certificate.metadata ?? {};
    const news = facts.acme?.renewalInfo?.news;
    if (news !== undefined) this.#gather.poller?.taken(cacheKey(namespace, name), news);
    if (decision.askCa === true && facts.secret !== undefined) {
      const issuer = acmeOrigin(this.#context, certificate, facts.secret);
      if (issuer !== undefined) this.#gather.poller?.ask(cacheKey(namespace, name), issuer);
    }
    if (decision.booked !== undefined)
      this.#attempt(certificate, { booked: decision.booked, turnedFrom: [] });
    this.#actions.tell(certificate, decision.events);
    return decision.again === true;
  }

  /** Readiness is told even though the action failed; then the queue backs off, unless only the user can help. */
  async #failed(facts: Facts, decision: Decision, error: unknown, nowMs: number): Promise<boolean> {
    const { certificate } = facts;
    const { kind } = decision.action;
    // What failed was the status write itself: nothing to tell, deciding again is the answer.
    if (kind === 'none' || kind === 'delete-keys' || error instanceof ChangedMeanwhileError) throw error;
    const status = situation(facts, nowMs, certificate.status?.revision).status;
    const message = messageOf(error);
    if (error instanceof KeystorePasswordError || error instanceof RequestInvalidError) {
      const component = error instanceof RequestInvalidError ? components.requestManager : components.issuing;
      const reason =
        error instanceof RequestInvalidError ? 'RequestFailed' : 'KeystorePasswordSecretNotFound';
      const ready = conditionOf(status, 'Ready');
      const told = `${ready?.message ?? ''}; ${message}`;
      const explained =
        ready?.status === 'False'
          ? withCondition(
              certificate,
              status,
              { type: 'Ready', status: 'False', reason: ready.reason ?? '', message: told },
              nowMs,
            )
          : status;
      const secretIsThere = error instanceof KeystorePasswordError && !error.secretMissing;
      // Told once: when the condition begins to say it.
      const known = secretIsThere || sameStatus(certificate.status, explained);
      const events = known ? [] : [{ component, type: 'Warning', reason, message } as const];
      await this.#settle(facts, {
        ...decision,
        status: explained,
        manager: components.readiness,
        events,
        again: false,
      });
      if (!error.retryable) return false;
      throw error;
    }
    // An attempt that broke off after the signature is charged, so that a Secret nobody may write costs no CA a storm. An
    // API that cannot answer is nobody's fault: the queue's back-off is pause enough, and ends soon after the outage.
    if ((kind === 'issue' || kind === 'write-secret') && isRefusal(error))
      this.#book('issue', certificate, nowMs, message);
    if (kind === 'create-request' || kind === 'issue') {
      const event = {
        component: components.requestManager,
        type: 'Warning',
        reason: 'RequestFailed',
        message: `${kind === 'issue' ? 'The issuance broke off' : 'The CertificateRequest could not be created'}: ${message}`,
      } as const;
      if (isRefusal(error)) this.#actions.tell(certificate, [event]);
    }
    await this.#settle(facts, {
      ...decision,
      status,
      manager: components.readiness,
      events: [],
      again: false,
    });
    throw error;
  }

  /** The Secret is written: said once for each issuance, and the Ready condition stays what it is. */
  #warn(certificate: Certificate, warnings: readonly string[]): void {
    if (warnings.length === 0) return;
    const message = `The issuer's certificate is used, but has shortcomings: ${warnings.join('; ')}`;
    const { namespace, name } = certificate.metadata ?? {};
    this.#context.log.warn({ certificate: `${namespace}/${name}` }, message);
    this.#actions.tell(certificate, [
      { component: components.issuing, type: 'Warning', reason: 'LintWarning', message },
    ]);
  }

  #attempt(certificate: Certificate, news: Attempt): void {
    const { uid = '' } = certificate.metadata ?? {};
    this.#attempts.set(uid, { ...this.#attempts.get(uid), ...news });
  }

  #book(what: Repeated, certificate: Certificate, nowMs: number, brokeOff?: string): void {
    const { uid = '', namespace = '', generation = 0 } = certificate.metadata ?? {};
    this.#breaker.record(what, { uid, namespace, generation }, nowMs, brokeOff);
  }

  /** When the wait for an issuer began; forgotten once nothing is waited for. */
  #remember(certificate: Certificate, decision: Decision, nowMs: number): void {
    const { uid = '', generation = 0 } = certificate.metadata ?? {};
    const known = this.#waiting.get(uid);
    if (
      decision.reason === 'Waiting' &&
      decision.action.kind === 'none' &&
      decision.recheckAt !== undefined
    ) {
      // A beginning in the future is none: the clock was set back.
      if (known?.generation !== generation || known.sinceMs > nowMs)
        this.#waiting.set(uid, { generation, sinceMs: nowMs, durable: false });
    } else if (known !== undefined && (decision.reason === 'UpToDate' || decision.reason === 'Issued')) {
      this.#waiting.delete(uid);
    }
    if (decision.reason === 'UpToDate') this.#attempts.delete(uid);
  }
}

/** Tells how long each key took, the wait for a free core included. */
function observed(keys: KeyGenerator, { clock, observer }: ControllerContext): KeyGenerator {
  return {
    async generate(request) {
      const startedMs = clock.now();
      const key = await keys.generate(request);
      observer.keyGenerated(request.algorithm || 'RSA', Math.max(0, clock.now() - startedMs));
      return key;
    },
    get waiting() {
      return keys.waiting;
    },
  };
}
