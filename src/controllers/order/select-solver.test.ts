import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Solver, SolverSelector } from '../../api/solver.ts';
import { selectSolver } from './select-solver.ts';

const offer = (...types: string[]) => types.map((type) => ({ type, token: 't', url: `https://ca/${type}` }));
const all = offer('dns-account-01', 'dns-01', 'http-01', 'tls-alpn-01', 'dns-persist-01');
/** A DNS-01 solver that can be told apart by the name of its webhook. */
const dns = (name: string, selector?: SolverSelector): Solver => ({
  dns01: { webhook: { groupName: 'g', solverName: name } },
  ...(selector === undefined ? {} : { selector }),
});

interface Case {
  title: string;
  solvers: Solver[];
  identifier?: string;
  wildcard?: boolean;
  labels?: Record<string, string>;
  /** Solver name; undefined: nothing fits. */
  expected: string | undefined;
}

const zone = (...dnsZones: string[]): SolverSelector => ({ dnsZones });
const names = (...dnsNames: string[]): SolverSelector => ({ dnsNames });
const label = (...keys: string[]): SolverSelector => ({
  matchLabels: Object.fromEntries(keys.map((key) => [key, 'x'])),
});
const labels = { a: 'x', b: 'x' };

const cases: Case[] = [
  { title: 'no solver', solvers: [], expected: undefined },
  { title: 'the first without a selector', solvers: [dns('1'), dns('2')], expected: '1' },
  {
    title: 'an empty selector never displaces an earlier choice',
    solvers: [dns('1'), dns('2', {})],
    expected: '1',
  },
  {
    title: 'a solver without a selector never displaces an earlier one',
    solvers: [dns('1', {}), dns('2')],
    expected: '1',
  },
  {
    title: 'any weight displaces no selector',
    solvers: [dns('1'), dns('2', zone('example.com'))],
    expected: '2',
  },
  {
    title: 'a longer zone wins',
    solvers: [dns('1', zone('com', 'example.com')), dns('2', zone('www.example.com'))],
    expected: '2',
  },
  {
    title: 'of equal zones the earlier stays',
    solvers: [dns('1', zone('example.com')), dns('2', zone('EXAMPLE.com'))],
    expected: '1',
  },
  {
    title: 'zones are matched whatever their case',
    solvers: [dns('1'), dns('2', zone('EXAMPLE.com.'))],
    expected: '2',
  },
  {
    title: 'a named name beats a longer zone',
    solvers: [dns('1', zone('www.example.com')), dns('2', names('www.example.com'))],
    expected: '2',
  },
  {
    title: 'and is not displaced by one',
    solvers: [dns('1', names('www.example.com')), dns('2', zone('www.example.com'))],
    expected: '1',
  },
  {
    title: 'of two named names the zone decides',
    solvers: [
      dns('1', names('www.example.com')),
      dns('2', { dnsNames: ['www.example.com'], dnsZones: ['com'] }),
    ],
    expected: '2',
  },
  {
    title: 'more labels win',
    solvers: [dns('1', label('a')), dns('2', label('a', 'b'))],
    labels,
    expected: '2',
  },
  {
    title: 'a zone beats labels',
    solvers: [dns('1', label('a', 'b')), dns('2', zone('com'))],
    labels,
    expected: '2',
  },
  { title: 'a label that differs', solvers: [dns('1', label('c'))], labels, expected: undefined },
  {
    title: 'labels from the prototype are none',
    solvers: [dns('1', { matchLabels: { constructor: 'x' } })],
    labels,
    expected: undefined,
  },
  { title: 'a name in another zone', solvers: [dns('1', zone('ample.com'))], expected: undefined },
  { title: 'names are matched exactly', solvers: [dns('1', names('WWW.example.com'))], expected: undefined },
  {
    title: 'a name does not stand for its wildcard',
    solvers: [dns('1', names('example.com'))],
    identifier: 'example.com',
    wildcard: true,
    expected: undefined,
  },
  {
    title: 'but for itself as a wildcard it does',
    solvers: [dns('1'), dns('2', names('*.example.com'))],
    identifier: 'example.com',
    wildcard: true,
    expected: '2',
  },
  {
    title: 'a zone holds the wildcard of its apex',
    solvers: [dns('1', zone('example.com'))],
    identifier: 'example.com',
    wildcard: true,
    expected: '1',
  },
  {
    title: 'an address is matched as a name',
    solvers: [dns('1', names('192.0.2.1'))],
    identifier: '192.0.2.1',
    expected: '1',
  },
  {
    title: 'a part that does not match rules the solver out',
    solvers: [dns('1', { dnsNames: ['www.example.com'], dnsZones: ['example.org'] })],
    expected: undefined,
  },
];

for (const { title, solvers, identifier = 'www.example.com', wildcard = false, expected, ...rest } of cases) {
  test(`solver selection: ${title}`, () => {
    const choice = selectSolver(solvers, { identifier, wildcard, challenges: all }, rest.labels ?? {});
    assert.equal(choice?.solver.dns01?.webhook?.solverName, expected);
  });
}

test('the first type of the CA that the solver has a section for', () => {
  const both: Solver = { http01: { ingress: {} }, dns01: {} };
  const typeOf = (solver: Solver, challenges = all): string | undefined =>
    selectSolver([solver], { identifier: 'a.example', wildcard: false, challenges }, {})?.type;
  assert.equal(typeOf(both), 'DNS-01');
  assert.equal(typeOf(both, offer('http-01', 'dns-01')), 'HTTP-01');
  assert.equal(typeOf({ tlsALPN01: { listener: {} } }), 'TLS-ALPN-01');
  assert.equal(typeOf({ dnsPersist01: {} }), 'DNS-PERSIST-01');
  assert.equal(typeOf({ http01: { listener: {} } }, offer('dns-01')), undefined);
  assert.equal(typeOf({}), undefined);
});

test('whatever is chosen fits, and nothing is chosen only where nothing fits', () => {
  const anyLabel = fc.constantFrom('a', 'b', 'com', 'example');
  const anyName = fc.array(anyLabel, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.'));
  const anySelector = fc.option(
    fc.record({
      dnsNames: fc.array(anyName, { maxLength: 2 }),
      dnsZones: fc.array(anyName, { maxLength: 2 }),
    }),
    { nil: undefined },
  );
  fc.assert(
    fc.property(fc.array(anySelector, { maxLength: 6 }), anyName, (selectors, identifier) => {
      const solvers = selectors.map((selector, index) => dns(String(index), selector));
      const fits = solvers.filter(({ selector }) => {
        const { dnsNames = [], dnsZones = [] } = selector ?? {};
        const inZone = dnsZones.some((each) => identifier === each || identifier.endsWith(`.${each}`));
        return (dnsNames.length === 0 || dnsNames.includes(identifier)) && (dnsZones.length === 0 || inZone);
      });
      const choice = selectSolver(solvers, { identifier, wildcard: false, challenges: all }, {});
      assert.equal(choice === undefined, fits.length === 0);
      if (choice !== undefined) assert.ok(fits.includes(choice.solver));
    }),
  );
});
