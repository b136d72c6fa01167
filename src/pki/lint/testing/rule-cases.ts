/** Runs a table of rules against a passing and a failing certificate for each of them. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CertificateView } from '../certificate-view.ts';
import type { Rule } from '../finding.ts';
import { lint } from '../lint.ts';
import { type CertificateParts, makeCertificate } from './make-certificate.ts';

export interface RuleCase {
  readonly fails: CertificateParts | readonly CertificateParts[];
  /** The usual leaf unless something closer to the fault shows more. */
  readonly passes?: CertificateParts | readonly CertificateParts[];
}

/** One test per rule; a rule without a case, or a case without a rule, fails. */
export function checkRules(rules: readonly Rule[], cases: Readonly<Record<string, RuleCase>>): void {
  test('every rule has a case, and every case a rule', () => {
    assert.deepEqual(Object.keys(cases).toSorted(), rules.map(({ code }) => code).toSorted());
  });
  for (const rule of rules) {
    const found = cases[rule.code];
    test(`${rule.code} (${rule.source})`, () => {
      for (const parts of [found?.fails ?? []].flat()) {
        const { der } = makeCertificate(parts);
        const finding = lint(der, { profile: 'cabf' }).find(({ code }) => code === rule.code);
        assert.ok(finding !== undefined, 'the failing certificate passes');
        assert.equal(finding.severity, rule.severity);
        assert.ok(finding.message.length > 10 && finding.message.length < 400, finding.message);
      }
      for (const parts of [found?.passes ?? {}].flat()) {
        assert.equal(rule.check(new CertificateView(makeCertificate(parts).der)), undefined);
      }
    });
  }
}
