/** The TLS-ALPN-01 solver: this process shows the certificate, at its own port or behind a Gateway (RFC 8737, RFC 8738 §6). */
import type { KeyObject } from 'node:crypto';
import type { Challenge } from '../../api/challenge.ts';
import { generateKey } from '../../pki/keys.ts';
import type { SolverDeps } from '../deps.ts';
import { SolverConfigurationError, SolverNotServedError } from '../errors.ts';
import type { DnsResolver } from '../../dns/resolver.ts';
import type { Destination } from '../http01/http01-deps.ts';
import type { TlsAlpn01Answer } from '../responder/challenge-answers.ts';
import type { Responder } from '../responder/responder.ts';
import type { CheckResult, Solver, SolverContext } from '../solver.ts';
import { createChallengeCertificate } from './challenge-certificate.ts';
import { digestOfKey } from './probe.ts';
import { routeObjectName, routeObjects } from './route-objects.ts';
import { RouteWriter } from './route-writer.ts';
import { selfCheck } from './self-check.ts';

export interface TlsAlpn01Deps extends SolverDeps {
  /** Absent: this process answers nothing. */
  responder?: TlsAlpn01Responder;
  /** Asks the servers of `settings.http01.nameservers` and `publicResolver`. */
  resolver: DnsResolver;
  /** The system's resolver, as in `node:dns/promises`. Default: that. Rejects with an error that has a `code`. */
  lookup?: (host: string) => Promise<readonly string[]>;
  /** Where a connection really goes, for tests. Default: where it was meant to. */
  dial?: (at: Destination) => Destination;
}

export type TlsAlpn01Responder = Pick<
  Responder,
  'answers' | 'tlsAlpn01Address' | 'putTlsAlpn01' | 'removeTlsAlpn01'
>;

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
    if (responder === undefined)
      throw new SolverNotServedError(
        'this process answers no TLS-ALPN-01 challenges: start it with --acme-tls-alpn-listen',
      );
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

  check({ challenge, signal }: SolverContext): Promise<CheckResult> {
    return selfCheck(this.#deps, challenge, signal);
  }

  async cleanUp({ challenge, signal }: SolverContext): Promise<void> {
    this.#deps.responder?.removeTlsAlpn01(uidOf(challenge));
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
