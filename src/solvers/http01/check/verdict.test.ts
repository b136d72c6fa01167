/** Which view is trusted, over every combination of what they can see. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { match, type Outcome } from './outcome.ts';
import { verdict, type Seen, type View } from './verdict.ts';

const url = 'http://www.example.com/.well-known/acme-challenge/t';
const refused: Outcome = { kind: 'unreachable', why: 'refused', detail: 'refuses the connection' };
const timeout: Outcome = { kind: 'unreachable', why: 'timeout', detail: 'did not answer within 10 s' };
const notFound: Outcome = { kind: 'wrong', what: 'status', detail: 'answers 404 instead of 200' };
const unknown: Outcome = { kind: 'unresolved', detail: 'has no address' };
const absent: Outcome = { kind: 'absent', detail: 'is not there yet' };

function seen(view: View, outcome: Outcome, ...addresses: string[]): Seen {
  return { view, target: view, outcome, addresses };
}

test('the name, or the public view, is enough', () => {
  for (const view of ['name', 'public'] as const)
    for (const other of [refused, notFound, unknown]) {
      const rest = view === 'name' ? 'public' : 'name';
      const result = verdict(url, [
        seen('route', refused),
        seen(view, match, '203.0.113.5'),
        seen(rest, other),
      ]);
      assert.ok(result.passed);
      assert.equal(result.problem, '');
      assert.deepEqual(
        result.views.map(({ trusted }) => trusted),
        [false, true, true],
      );
    }
});

test('behind NAT without hairpin: the name leads to a public address, the route has a private one and answers', () => {
  for (const outcome of [refused, timeout]) {
    const result = verdict(url, [
      seen('direct', match),
      seen('route', match, '10.0.0.80'),
      seen('name', outcome, '203.0.113.5'),
    ]);
    assert.ok(result.passed);
    assert.deepEqual(
      result.views.map(({ view, trusted }) => [view, trusted]),
      [
        ['direct', false],
        ['route', true],
        ['name', false],
      ],
    );
    assert.match(result.views[2]?.answer ?? '', /hairpin/);
  }
});

test('the same where the name leads to the very address of the route', () => {
  assert.ok(verdict(url, [seen('route', match, '203.0.113.5'), seen('name', timeout, '203.0.113.5')]).passed);
});

test('not where the name leads elsewhere, is not known, or nobody looked through the route', () => {
  const route = seen('route', match, '10.0.0.80');
  for (const views of [
    [route, seen('name', timeout, '10.9.9.9')],
    [seen('route', match, '198.51.100.1'), seen('name', timeout, '203.0.113.5')],
    [route, seen('name', unknown)],
    [seen('route', refused, '10.0.0.80'), seen('name', timeout, '203.0.113.5')],
    [seen('direct', match, '10.244.0.7'), seen('name', timeout, '203.0.113.5')],
    // Through a proxy nobody knows where the name leads.
    [route, seen('name', timeout)],
  ])
    assert.ok(!verdict(url, views).passed, JSON.stringify(views));
});

test('split DNS and NAT together: the public resolver knows the name, the way back in is missing', () => {
  const result = verdict(url, [
    seen('route', match, '10.0.0.80'),
    seen('name', unknown),
    seen('public', timeout, '203.0.113.5'),
  ]);
  assert.ok(result.passed);
});

test('a name that leads to an address that is never asked is told to be the record', () => {
  const detail = '169.254.169.254 is not asked: it is a metadata server: it is never asked';
  const { passed, problem } = verdict(url, [
    seen('route', match, '10.0.0.80'),
    seen('name', { kind: 'wrong', what: 'refused-address', detail }, '169.254.169.254'),
  ]);
  assert.ok(!passed);
  assert.match(problem, /No CA can reach it there: point the DNS record/);
});

test('a listener that answers while the name does not: the way between them is what to look at', () => {
  for (const outcome of [notFound, refused]) {
    const { problem } = verdict(url, [seen('direct', match), seen('name', outcome, '203.0.113.5')]);
    assert.match(
      problem,
      /\. [A-Z][^.]* answers rightly, so the name .* leads to another machine, or what has port 80/,
    );
  }
});

test('a resolver that does not answer: nobody is told to create a record that may be there', () => {
  const silent: Outcome = { kind: 'unresolved', detail: 'x gave no answer (EAI_AGAIN)', unknown: true };
  assert.match(verdict(url, [seen('name', silent)]).problem, /See that this resolver works/);
  assert.match(verdict(url, [seen('name', unknown)]).problem, /Create its A or AAAA record/);
});

const outcomes = fc.constantFrom(match, refused, timeout, notFound, unknown, absent);
const addresses = fc.subarray(['203.0.113.5', '10.0.0.80', '2001:db8::1'], { minLength: 1 });
const views = fc.record({
  direct: fc.option(outcomes),
  route: fc.option(outcomes),
  name: outcomes,
  public: fc.option(outcomes),
});

test('a wrong answer outside is never argued away, and whoever fails is told what to do', () => {
  fc.assert(
    fc.property(views, addresses, addresses, (all, inside, outside) => {
      const given = (['direct', 'route', 'name', 'public'] as const).flatMap((view) => {
        const outcome = all[view];
        return outcome === null ? [] : [seen(view, outcome, ...(view === 'route' ? inside : outside))];
      });
      const result = verdict(url, given);
      const held = [all.name, all.public];
      const passing = held.some((one) => one?.kind === 'match');
      if (passing) assert.ok(result.passed);
      else if (held.some((one) => one?.kind === 'wrong')) assert.ok(!result.passed);
      if (result.passed && !passing) assert.equal(all.route?.kind, 'match');
      assert.equal(result.passed, result.problem === '');
      assert.ok(result.views.every(({ answer }) => answer.length < 400));
      // Whatever is trusted is what decided.
      if (result.passed) assert.ok(result.views.some(({ trusted, passed }) => trusted && passed));
    }),
  );
});

test('a wrong answer outside is never argued away as a missing hairpin', () => {
  const route = seen('route', match, '10.0.0.7');
  const name = seen('name', refused, '203.0.113.5');
  assert.equal(verdict(url, [route, name]).passed, true);
  assert.equal(verdict(url, [route, name, seen('public', notFound, '203.0.113.5')]).passed, false);
  const nowhere = seen('route', match);
  assert.equal(verdict(url, [nowhere, name]).passed, false, 'a route without an address is behind no NAT');
});
