import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedWorld } from '../../testing/simulated-world.ts';
import type { Candidate, Facts } from '../facts.ts';
import { firstViolation, triggerPolicies } from '../policies.ts';
import type { RequestFacts } from '../request-facts.ts';
import { firstIssuer, patience, turnFrom } from './fallback.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const start = Date.parse('2027-01-01T00:00:00Z');

function world(): SimulatedWorld {
  const made = new SimulatedWorld('web', { duration: '1080h', issuerRef: { name: 'main' } }, 'durable');
  const { metadata } = made.certificate;
  const annotations = { 'certwright.dev/fallback-issuers': 'Issuer/backup' };
  made.certificate = { ...made.certificate, metadata: { ...metadata, annotations } };
  return made;
}
const facts = (readiness: Partial<Candidate>[], more: Partial<Facts> = {}): Facts => {
  const base = world().facts();
  return { ...base, candidates: base.candidates.map((each, i) => ({ ...each, ...readiness[i] })), ...more };
};
const request = (more: Partial<RequestFacts>): RequestFacts => ({
  name: 'web-1',
  uid: 'r',
  revision: 1,
  issuerRef: { name: 'main' },
  isCA: false,
  usages: [],
  csr: { ok: false, error: '' },
  created: start,
  ...more,
});

test('what is issued is received, whatever became of its issuer since', () => {
  const down = facts([{ readiness: 'not-ready', sinceMs: start }]);
  const ready = (reason: string): Partial<RequestFacts> => ({
    ready: { type: 'Ready', status: reason === 'Issued' ? 'True' : 'False', reason },
  });
  assert.equal(turnFrom(down, request(ready('Issued')), start + day), undefined);
  assert.equal(typeof turnFrom(down, request(ready('Pending')), start + day), 'object');
  assert.equal(typeof turnFrom(down, request(ready('Pending')), start + minute), 'number', 'looked at again');
});

test('an issuer that became not Ready a moment ago has its patience from then on', () => {
  const flaps = facts([{ readiness: 'not-ready', sinceMs: start + day - minute }]);
  assert.equal(typeof turnFrom(flaps, request({}), start + day), 'number');
});

test('whom to ask first: the issuer of the spec, unless it has been down for long and another is Ready', () => {
  const first = (...state: Partial<Candidate>[]): string => firstIssuer(facts(state), start).ref.name;
  assert.equal(first({ readiness: 'ready' }), 'main');
  assert.equal(first({ readiness: 'not-ready', sinceMs: start - minute }), 'main');
  assert.equal(first({ readiness: 'not-ready', sinceMs: start - hour }), 'backup');
  assert.equal(first({ readiness: 'not-ready', sinceMs: start - hour }, { readiness: 'not-ready' }), 'main');
  assert.equal(first({ readiness: 'missing' }), 'main', 'a name that is none is for its writer to mend');
  const turned = facts([], { attempt: { turnedFrom: [{ name: 'main' }] } });
  assert.equal(firstIssuer(turned, start).ref.name, 'backup');
});

test('patience: an eighth of what is left, ten minutes to a day', () => {
  const made = world();
  assert.equal(patience(made.facts(), start), 10 * minute);
  made.run(start);
  assert.equal(patience(made.facts(), start), day);
  assert.equal(patience(made.facts(), start + 44 * day), 3 * hour);
  assert.equal(patience(made.facts(), start + 60 * day), 10 * minute);
});

test('a Secret that names no issuer is not taken for one of a fallback', () => {
  const made = world();
  made.run(start);
  const { certificate } = made;
  const spec = { ...certificate.spec, issuerRef: { name: 'main', kind: 'ClusterIssuer' } };
  const secret = { ...made.secret!, annotations: {} };
  const input = {
    certificate: { ...certificate, spec },
    secret,
    current: undefined,
    renewal: undefined,
    nowMs: start,
  };
  assert.equal(firstViolation(triggerPolicies, input)?.reason, 'IncorrectIssuer');
  const annotations = { 'cert-manager.io/issuer-name': 'backup' };
  assert.equal(firstViolation(triggerPolicies, { ...input, secret: { ...secret, annotations } }), undefined);
});
