/** Validation of ACME solvers: selectors are free, the way to solve is not (spec/api.md §14). */
import { readDuration } from './durations.ts';
import type { FieldErrors } from './field-errors.ts';
import type { Field } from './field.ts';
import { subdomainProblem } from './kubernetes-names.ts';
import { validateDns01, validateNameservers } from './solver-dns01.ts';

export function validateSolver(solver: Field, errors: FieldErrors): void {
  const sections = solverSections.map(([name, validate]) => ({ section: solver.at(name), validate }));
  const present = sections.filter(({ section }) => section.present);
  const [first] = present;
  // The first one is looked at even where it is one too many.
  first?.validate(first.section, errors);
  if (present.length > 1) {
    errors.forbidden(solver, 'may not specify more than one solver type in a single solver');
  } else if (first === undefined) errors.required(solver, `no solver type configured: set ${oneOfSections}`);
  const wait = readDuration(solver.at('waitInsteadOfSelfCheck'), errors);
  if (wait !== undefined && wait < 0n) {
    errors.invalid(solver.at('waitInsteadOfSelfCheck'), 'waitInsteadOfSelfCheck must not be negative', wait);
  }
}

function validateHttp01(http01: Field, errors: FieldErrors): void {
  const [ingress, gateway] = [http01.at('ingress'), http01.at('gatewayHTTPRoute')];
  if (ingress.present) validateIngress(ingress, errors);
  // cert-manager names the section without its last letters.
  if (gateway.present) validateGateway(gateway.as(`${http01.path}.gateway`), errors);
  const ways = [ingress, gateway, http01.at('listener')].filter(({ present }) => present);
  if (ways.length === 0) {
    errors.required(http01, 'no HTTP01 solver type configured: set ingress, gatewayHTTPRoute or listener');
  }
  if (ways.length > 1) errors.required(http01, 'only 1 HTTP01 solver type may be configured');
}

function validateTlsAlpn01(tlsALPN01: Field, errors: FieldErrors): void {
  const [listener, gateway] = [tlsALPN01.at('listener'), tlsALPN01.at('gatewayTLSRoute')];
  if (gateway.present) {
    const parents = gateway.at('parentRefs');
    if (parents.items.length === 0)
      errors.required(parents, 'name the Gateway whose listener passes TLS through');
    validateParents(parents, errors);
  }
  if (!listener.present && !gateway.present)
    errors.required(tlsALPN01, 'no TLS-ALPN-01 solver type configured: set listener or gatewayTLSRoute');
  if (listener.present && gateway.present)
    errors.forbidden(tlsALPN01, 'listener and gatewayTLSRoute exclude each other; set one of them');
}

function validateDnsPersist01(dnsPersist01: Field, errors: FieldErrors): void {
  const name = dnsPersist01.at('issuerDomainName');
  const problem = name.text === '' ? undefined : subdomainProblem(name.text);
  if (problem !== undefined) errors.invalid(name, `is no domain name of a CA: ${problem}`);
  validateNameservers(dnsPersist01.at('nameservers'), errors);
}

/** In the order in which they are looked at. */
const solverSections: readonly [string, (section: Field, errors: FieldErrors) => void][] = [
  ['http01', validateHttp01],
  ['dns01', validateDns01],
  ['tlsALPN01', validateTlsAlpn01],
  ['dnsPersist01', validateDnsPersist01],
];
const oneOfSections = 'http01, dns01, tlsALPN01 or dnsPersist01';

function validateIngress(ingress: Field, errors: FieldErrors): void {
  const className = ingress.at('ingressClassName');
  const ways = [className.present, ingress.at('class').present, ingress.at('name').text !== ''];
  if (ways.filter(Boolean).length > 1) {
    errors.forbidden(ingress, "only one of 'ingressClassName', 'name' or 'class' should be specified");
  }
  const problem = className.present ? subdomainProblem(className.text) : undefined;
  if (problem !== undefined) errors.invalid(className, `is no name of an IngressClass: ${problem}`);
  validateServiceType(ingress.at('serviceType'), errors);
  validateResponder(ingress, errors);
}

function validateGateway(gateway: Field, errors: FieldErrors): void {
  validateServiceType(gateway.at('serviceType'), errors);
  validateParents(gateway.at('parentRefs'), errors);
  validateResponder(gateway, errors);
}

function validateParents(parents: Field, errors: FieldErrors): void {
  for (const parent of parents.items) {
    const named = parent.at('name').text !== '';
    const kind = parent.at('kind').present;
    if (kind === named) continue;
    if (named) errors.required(parent.at('kind'), 'kind is required when name is specified');
    else errors.required(parent.at('name'), 'name is required when kind is specified');
    return;
  }
}

/** What nobody would honour. */
function validateResponder(way: Field, errors: FieldErrors): void {
  if (way.at('responder').text === 'Resident' && way.at('podTemplate').present)
    errors.forbidden(way.at('podTemplate'), noPod);
}

const noPod = 'responder Resident makes no Pod: leave the template out, or choose Pod';

function validateServiceType(type: Field, errors: FieldErrors): void {
  if (type.text === '' || type.text === 'ClusterIP' || type.text === 'NodePort') return;
  errors.invalid(type, 'must be empty, "ClusterIP" or "NodePort"');
}
