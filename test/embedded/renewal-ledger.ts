/** The test's own books: what must be issued when, compared with what the controllers' caches see. */
import assert from 'node:assert/strict';
import type { CertificateSpec } from '../../src/api/certificate.ts';
import type { CertificateRequest } from '../../src/api/certificate-request.ts';
import type { SecretFacts } from '../../src/controllers/certificate/secret-facts.ts';
import type { Controllers } from '../../src/controllers/manager.ts';
import { expectedRenewal, type Opening } from '../../src/controllers/testing/expected-renewal.ts';
import type { Clock } from '../../src/kube/clock.ts';
import { externalRef } from './renewal-world.ts';

interface Account {
  spec: Partial<CertificateSpec>;
  opening: Opening | undefined;
  issuances: number;
  /** When the next issuance is due; undefined: never. */
  due: number | undefined;
  /** Something beside time asks for an issuance: `first`, `changed`. */
  cause: string | undefined;
  publicKey: string | undefined;
}

export class RenewalLedger {
  readonly faults: string[] = [];
  total = 0;
  readonly #accounts = new Map<string, Account>();
  /** Renewals that fell due before this time may come late: the clock, the machine or the issuer skipped them. */
  #lateUntil = 0;

  expect(key: string, spec: Partial<CertificateSpec>, opening?: Opening): void {
    const nothing = { issuances: 0, due: undefined, publicKey: undefined };
    this.#accounts.set(key, { ...nothing, spec: inHours(spec), opening, cause: 'first' });
  }
  changed(key: string, spec: Partial<CertificateSpec>): void {
    const account = this.#account(key);
    account.spec = inHours({ ...account.spec, ...spec });
    account.cause = 'changed';
  }
  disturbed(untilMs: number): void {
    this.#lateUntil = untilMs;
  }
  issuances(key: string): number {
    return this.#account(key).issuances;
  }

  follow({ informers }: Controllers, clock: Clock): void {
    informers.secrets.onChange(({ key, previous, current }) => {
      const account = this.#accounts.get(key);
      if (account === undefined) return;
      if (current === undefined) return this.#fault(key, 'lost its Secret', clock);
      if (leafOf(current) === undefined) this.#fault(key, 'has no usable key and certificate', clock);
      // What is already there when the controllers start is no news.
      if (previous === undefined && account.publicKey !== undefined) return;
      if (leafOf(previous)?.fingerprint !== leafOf(current)?.fingerprint) this.#issued(key, current, clock);
    });
    informers.certificates.onChange(({ key, previous, current }) => {
      const [before, now] = [previous?.status, current?.status];
      const account = this.#accounts.get(key);
      if (account === undefined || previous === undefined || before?.revision === now?.revision) return;
      if (now?.revision !== (before?.revision ?? 0) + 1 || now.revision !== account.issuances)
        this.#fault(key, `went from revision ${before?.revision} to ${now?.revision}`, clock);
      const said = now?.renewalTime === undefined ? undefined : Date.parse(now.renewalTime);
      if (said !== account.due)
        this.#fault(key, `says ${now?.renewalTime}, not ${stamp(account.due)}`, clock);
    });
  }

  #issued(key: string, secret: SecretFacts, clock: Clock): void {
    const account = this.#account(key);
    const leaf = leafOf(secret);
    if (leaf === undefined) return;
    const now = clock.now();
    const { due, cause } = account;
    if (cause === undefined) {
      const late = due === undefined ? Number.NaN : Math.floor(now / 1000) * 1000 - due;
      const excused = due !== undefined && due <= this.#lateUntil;
      // One second of grace: times in certificates have no fractions.
      if (!(late >= 0 && (late <= 1000 || excused)))
        this.#fault(key, `was issued without cause; due ${stamp(due)}`, clock);
    }
    const keeps = account.spec.privateKey?.rotationPolicy === 'Never';
    if (account.publicKey !== undefined && (account.publicKey === leaf.publicKeyHash) !== keeps)
      this.#fault(key, `${keeps ? 'changed' : 'kept'} its private key`, clock);
    account.publicKey = leaf.publicKeyHash;
    account.issuances++;
    this.total++;
    account.cause = undefined;
    account.due = expectedRenewal(leaf.notBefore, leaf.notAfter, account.spec, account.opening);
  }

  /** `inFlight`: an attempt may have left one request more. */
  checkHistory(requests: readonly CertificateRequest[], inFlight: boolean): void {
    for (const [key, { spec }] of this.#accounts) {
      const [namespace, name] = key.split('/');
      const kept = requests.filter(
        ({ metadata }) =>
          metadata?.namespace === namespace &&
          metadata?.annotations?.['cert-manager.io/certificate-name'] === name,
      );
      const more = inFlight && spec.issuerRef?.group === externalRef.group ? 1 : 0;
      const limit = (spec.revisionHistoryLimit ?? 1) + more;
      assert.ok(kept.length <= limit, `${key} keeps ${kept.length} requests, not ${limit}`);
    }
  }

  #account(key: string): Account {
    const account = this.#accounts.get(key);
    if (account === undefined) throw new Error(`no account of ${key}`);
    return account;
  }
  #fault(key: string, what: string, clock: Clock): void {
    this.faults.push(`${stamp(clock.now())} ${key} ${what}`);
  }
}

/** The leaf when the Secret's private key belongs to it. */
function leafOf(secret: SecretFacts | undefined) {
  if (secret?.privateKey?.ok !== true || secret.certificate?.ok !== true) return undefined;
  const leaf = secret.certificate.value;
  return secret.privateKey.value.publicKeyHash === leaf.publicKeyHash ? leaf : undefined;
}

/** The independent formula reads hours. */
function inHours(spec: Partial<CertificateSpec>): Partial<CertificateSpec> {
  const minutes = /^(\d+)m$/u.exec(spec.renewBefore ?? '');
  return minutes === null ? spec : { ...spec, renewBefore: `${Number(minutes[1]) / 60}h` };
}

function stamp(ms: number | undefined): string {
  return ms === undefined ? 'never' : new Date(ms).toISOString();
}
