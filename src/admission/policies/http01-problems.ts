/** Rules of HTTP-01 solvers in CEL (spec/api.md §14). */
import type { Place } from './place.ts';
import { among, each, forbidden, invalid, required, together, when, type Problem } from './problems.ts';
import { isSubdomain } from './reference-problems.ts';

export function http01Problems(http01: Place): Problem[] {
  const [ingress, gateway] = [http01.at('ingress'), http01.at('gatewayHTTPRoute')];
  const count = [ingress, gateway, http01.at('listener')]
    .map((way) => `(${way.present} ? 1 : 0)`)
    .join(' + ');
  return [
    when(ingress.present, together(ingressProblems(ingress))),
    // cert-manager names the section without its last letters.
    when(gateway.present, together(gatewayProblems(gateway.as(...http01.path, '.gateway')))),
    when(
      `${count} == 0`,
      required(http01, 'no HTTP01 solver type configured: set ingress, gatewayHTTPRoute or listener'),
    ),
    when(`${count} > 1`, required(http01, 'only 1 HTTP01 solver type may be configured')),
  ];
}

function ingressProblems(ingress: Place): Problem[] {
  const name = ingress.at('ingressClassName');
  const ways = [name.present, ingress.at('class').present, ingress.at('name').isSet];
  return [
    when(
      `${ways.map((way) => `(${way} ? 1 : 0)`).join(' + ')} > 1`,
      forbidden(ingress, "only one of 'ingressClassName', 'name' or 'class' should be specified"),
    ),
    when(
      `${name.present} && !${isSubdomain(name.text)}`,
      invalid(name, 'is no name of an IngressClass: must be a DNS-1123 subdomain'),
    ),
    serviceTypeProblem(ingress.at('serviceType')),
    responderProblem(ingress),
  ];
}

function gatewayProblems(gateway: Place): Problem[] {
  return [
    serviceTypeProblem(gateway.at('serviceType')),
    parentProblems(gateway.at('parentRefs')),
    responderProblem(gateway),
  ];
}

export function parentProblems(parents: Place): Problem {
  return each(parents, ['j', 'g'], (parent) => {
    const [name, kind] = [parent.at('name'), parent.at('kind')];
    return [
      when(`${name.isSet} && ${kind.absent}`, required(kind, 'kind is required when name is specified')),
      when(`${name.isEmpty} && ${kind.present}`, required(name, 'name is required when kind is specified')),
    ];
  });
}

/** What nobody would honour. */
function responderProblem(way: Place): Problem {
  const template = way.at('podTemplate');
  return when(
    `${way.at('responder').text} == 'Resident' && ${template.present}`,
    forbidden(template, 'responder Resident makes no Pod: leave the template out, or choose Pod'),
  );
}

function serviceTypeProblem(type: Place): Problem {
  return when(
    `!(${among(type.text, ['', 'ClusterIP', 'NodePort'])})`,
    invalid(type, 'must be empty, "ClusterIP" or "NodePort"'),
  );
}
