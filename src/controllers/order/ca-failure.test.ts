import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AcmeCertificateError, AcmeProfileError, AcmeTransportError } from '../../acme/errors.ts';
import { problemClass } from '../certificate/fallback/problem-class.ts';
import { judgeFailure } from './ca-failure.ts';

test("a profile that the CA lacks is the issuer's fault: no other CA is asked for it", () => {
  const { kind, problem, reason } = judgeFailure(
    'Failed to create Order: ',
    new AcmeProfileError('tiny', ['classic']),
  );
  assert.deepEqual([kind, problem], ['errored', 'urn:ietf:params:acme:error:invalidProfile']);
  assert.match(reason, /^Failed to create Order: .*tiny.*classic/u);
  assert.equal(problemClass(problem), 'subscriber');
});

test('a CA that is away, or delivers no certificate, is at fault itself', () => {
  const away = judgeFailure('', new AcmeTransportError('connect', 'refused'));
  assert.deepEqual([away.kind, problemClass(away.problem)], ['wait', 'ca']);
  const useless = judgeFailure('', new AcmeCertificateError('no PEM'));
  assert.deepEqual([useless.kind, problemClass(useless.problem)], ['errored', 'ca']);
});

test('a fault of the program is not taken for an answer', () => {
  assert.throws(() => judgeFailure('', new TypeError('ours')), TypeError);
});
