/** Rules of ACME solvers in CEL: the one section, and what is in it (spec/api.md §14). */
import { dns01Problems, nameserverProblems } from './dns01-problems.ts';
import { http01Problems, parentProblems } from './http01-problems.ts';
import type { Place } from './place.ts';
import { each, forbidden, invalid, required, together, when, type Problem } from './problems.ts';
import { durationProblem, isSubdomain } from './reference-problems.ts';

/** In the order in which they are looked at. */
const sections: readonly [string, (section: Place) => readonly Problem[]][] = [
  ['http01', http01Problems],
  ['dns01', dns01Problems],
  ['tlsALPN01', tlsAlpn01Problems],
  ['dnsPersist01', dnsPersist01Problems],
];

export function solverProblems(solvers: Place): Problem {
  return each(solvers, ['i', 's'], (solver) => {
    const present = sections.map(([name]) => solver.at(name).present);
    const wait = solver.at('waitInsteadOfSelfCheck');
    const count = present.map((one) => `(${one} ? 1 : 0)`).join(' + ');
    return [
      // The first one is looked at even where it is one too many.
      ...sections.map(([name, of], index) => {
        const section = solver.at(name);
        const first = [section.present, ...present.slice(0, index).map((earlier) => `!${earlier}`)];
        return when(first.join(' && '), together(of(section)));
      }),
      when(`${count} > 1`, forbidden(solver, 'may not specify more than one solver type in a single solver')),
      when(
        `${count} == 0`,
        required(solver, 'no solver type configured: set http01, dns01, tlsALPN01 or dnsPersist01'),
      ),
      durationProblem(wait),
      when(`${wait.text}.startsWith('-')`, invalid(wait, 'waitInsteadOfSelfCheck must not be negative')),
    ];
  });
}

function tlsAlpn01Problems(tlsALPN01: Place): Problem[] {
  const [listener, gateway] = [tlsALPN01.at('listener'), tlsALPN01.at('gatewayTLSRoute')];
  const parents = gateway.at('parentRefs');
  return [
    when(
      `${gateway.present} && size(${parents.items}) == 0`,
      required(parents, 'name the Gateway whose listener passes TLS through'),
    ),
    parentProblems(parents),
    when(
      `${listener.absent} && ${gateway.absent}`,
      required(tlsALPN01, 'no TLS-ALPN-01 solver type configured: set listener or gatewayTLSRoute'),
    ),
    when(
      `${listener.present} && ${gateway.present}`,
      forbidden(tlsALPN01, 'listener and gatewayTLSRoute exclude each other; set one of them'),
    ),
  ];
}

function dnsPersist01Problems(dnsPersist01: Place): Problem[] {
  const name = dnsPersist01.at('issuerDomainName');
  return [
    when(
      `${name.isSet} && !${isSubdomain(name.text)}`,
      invalid(name, 'is no domain name of a CA: must be a DNS-1123 subdomain'),
    ),
    nameserverProblems(dnsPersist01.at('nameservers')),
  ];
}
