/** The TLS-ALPN-01 solver: this process shows the certificate, at its own port or behind a Gateway (RFC 8737, RFC 8738 §6). */
import { isIP } from 'node:net';
import type { KeyObject } from 'node:crypto';
import type { Challenge } from '../../api/challenge.ts';
import { generateKey } from '../../pki/keys.ts';
import type { SolverDeps } from '../deps.ts';
import { SolverConfigurationError, SolverNotServedError } from '../errors.ts';
import type { TlsAlpn01Answer } from '../responder/challenge-answers.ts';
import type { ListenOn } from '../settings.ts';
import type { CheckResult, Solver, SolverContext, ViewAnswer } from '../solver.ts';
import { createChallengeCertificate } from './challenge-certificate.ts';
import { digestOfKey, probeTlsAlpn01 } from './probe.ts';
import { routeObjectName, routeObjects } from './route-objects.ts';
import { RouteWriter } from './route-writer.ts';

export interface TlsAlpn01Deps extends SolverDeps {
  /** The Responder of this process. */
  responder: {
    readonly answers: { tlsAlpn01(domain: string): TlsAlpn01Answer | undefined; has(uid: string): boolean };
    readonly tlsAlpn01Address: ListenOn | undefined;
    putTlsAlpn01(uid: string, answer: TlsAlpn01Answer): Promise<void>;
    removeTlsAlpn01(uid: string): void;
  };
  /** IP addresses of a name, as this machine sees it; rejects when there are none. */
  lookUp(name: string, signal?: AbortSignal): Promise<readonly string[]>;
  /** Where a CA comes to; 443 but in tests (RFC 8737 §3). */
  port?: number;
}

const probeTimeoutMs = 10_000;

export function createTlsAlpn01Solver(deps: TlsAlpn01Deps): Solver {
  return new TlsAlpn01Solver(deps);
}

class TlsAlpn01Solver implements Solver {
  readonly #deps: TlsAlpn01Deps;
  readonly #routes: RouteWriter;
  /** One for all: it vouches for nothing, the digest beside it does. */
  #key: Promise<KeyObject> | undefined;

  constructor(deps: TlsAlpn01Deps) {
    this.#deps = deps;
    this.#routes = new RouteWriter(deps.client);
  }

  async present({ challenge, signal }: SolverContext): Promise<void> {
    const way = wayOf(challenge);
    const uid = uidOf(challenge);
    const { responder, settings, pod } = this.#deps;
    if (way === 'gateway' && !settings.inCluster)
      throw new SolverNotServedError(
        'tlsALPN01.gatewayTLSRoute needs a cluster with the Gateway API: use tlsALPN01.listener here',
      );
    // Again before every check: what stands is left as it is, certificate and all.
    const answer = responder.answers.has(uid)
      ? responder.answers.tlsAlpn01(challenge.spec.dnsName)
      : undefined;
    await responder.putTlsAlpn01(uid, answer ?? (await this.#answerTo(challenge)));
    if (way !== 'gateway') return;
    const listenPort = responder.tlsAlpn01Address?.port;
    if (listenPort === undefined)
      throw new SolverNotServedError('the TLS-ALPN-01 listener of this process is not open');
    const objects = routeObjects(challenge, { pod, listenPort, extraLabels: settings.http01.extraLabels });
    await this.#routes.apply(objects, signal);
  }

  async check({ challenge, signal }: SolverContext): Promise<CheckResult> {
    const identifier = challenge.spec.dnsName;
    const digest = digestOfKey(challenge.spec.key);
    const look = (address: string, port: number): Promise<string> =>
      probeTlsAlpn01({
        address,
        port,
        identifier,
        digest,
        timeoutMs: probeTimeoutMs,
        ...(signal === undefined ? {} : { signal }),
      });
    const [direct, route] = await Promise.all([this.#direct(look), this.#route(identifier, look, signal)]);
    const views: ViewAnswer[] = [direct, route];
    if (route.passed) return { passed: true, views, problem: '' };
    const problem = direct.passed
      ? `this process shows the right certificate, but not where ${identifier} leads to: ${route.answer}. Let TLS connections for acme-tls/1 through to it; where only this machine cannot reach that address (NAT without hairpin, split DNS), set waitInsteadOfSelfCheck on the solver`
      : `the listener of this process does not show the certificate: ${direct.answer}`;
    return { passed: false, views, problem };
  }

  async cleanUp({ challenge, signal }: SolverContext): Promise<void> {
    this.#deps.responder.removeTlsAlpn01(uidOf(challenge));
    if (challenge.spec.solver.tlsALPN01?.gatewayTLSRoute === undefined || !this.#deps.settings.inCluster)
      return;
    const namespace = challenge.metadata?.namespace ?? '';
    await this.#routes.delete({ namespace, name: routeObjectName(challenge) }, signal);
  }

  async #answerTo(challenge: Challenge): Promise<TlsAlpn01Answer> {
    this.#key ??= generateKey({ algorithm: 'ECDSA', size: 256 });
    const { dnsName: domain, key } = challenge.spec;
    const digest = digestOfKey(key);
    if (digest.length !== 32)
      throw new SolverConfigurationError(
        'spec.key of the Challenge is neither a key authorization nor the digest of one (RFC 8737 §3)',
      );
    const made = await createChallengeCertificate(domain, digest, this.#deps.clock.now(), await this.#key);
    return { domain, ...made };
  }

  /** The listener itself: whether it is us at all. */
  async #direct(look: (address: string, port: number) => Promise<string>): Promise<ViewAnswer> {
    const at = this.#deps.responder.tlsAlpn01Address;
    const view = { view: 'direct', trusted: false };
    if (at === undefined) return { ...view, passed: false, answer: 'the listener is closed' };
    const own = ['::', '0.0.0.0', ''].includes(at.host) ? '127.0.0.1' : at.host;
    const fault = await look(own, at.port);
    return { ...view, passed: fault === '', answer: answerOf(own, at.port, fault) };
  }

  /** As the CA comes: by name, at port 443, at each address (a CA may take any of them). */
  async #route(
    identifier: string,
    look: (address: string, port: number) => Promise<string>,
    signal?: AbortSignal,
  ): Promise<ViewAnswer> {
    const view = { view: 'route', trusted: true };
    const port = this.#deps.port ?? 443;
    let addresses: readonly string[];
    try {
      addresses = isIP(identifier) === 0 ? await this.#deps.lookUp(identifier, signal) : [identifier];
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return { ...view, passed: false, answer: `${identifier} has no address here: ${why.slice(0, 200)}` };
    }
    const looks = await Promise.all(
      addresses.slice(0, 8).map(async (address) => ({ address, fault: await look(address, port) })),
    );
    const wrong = looks.find(({ fault }) => fault !== '') ?? looks[0];
    if (wrong === undefined) return { ...view, passed: false, answer: `${identifier} has no address here` };
    return { ...view, passed: wrong.fault === '', answer: answerOf(wrong.address, port, wrong.fault) };
  }
}

function answerOf(address: string, port: number, fault: string): string {
  const at = `${isIP(address) === 6 ? `[${address}]` : address}:${port}`;
  return fault === '' ? `${at} shows the certificate` : `${at}: ${fault}`;
}

function wayOf(challenge: Challenge): 'listener' | 'gateway' {
  const { tlsALPN01 } = challenge.spec.solver;
  if (challenge.spec.wildcard === true)
    throw new SolverConfigurationError(
      'TLS-ALPN-01 cannot prove a wildcard name: use a DNS-01 solver for it',
    );
  if (tlsALPN01?.listener !== undefined) return 'listener';
  if (tlsALPN01?.gatewayTLSRoute !== undefined) return 'gateway';
  throw new SolverConfigurationError('tlsALPN01 of the solver names neither listener nor gatewayTLSRoute');
}

function uidOf({ metadata }: Challenge): string {
  return metadata?.uid ?? '';
}
