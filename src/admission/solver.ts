/** Validation of ACME solvers: selectors are free, the way to solve is not (spec/api.md §14). */
import { readDuration } from './durations.ts';
import type { FieldErrors } from './field-errors.ts';
import type { Field } from './field.ts';
import { subdomainProblem } from './kubernetes-names.ts';
import { validateDns01 } from './solver-dns01.ts';

export function validateSolver(solver: Field, errors: FieldErrors): void {
  const [http01, dns01] = [solver.at('http01'), solver.at('dns01')];
  if (http01.present) validateHttp01(http01, errors);
  if (http01.present && dns01.present) {
    errors.forbidden(solver, 'may not specify more than one solver type in a single solver');
  } else if (dns01.present) validateDns01(dns01, errors);
  else if (!http01.present) errors.required(solver, 'no solver type configured: set http01 or dns01');
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
  if (!ingress.present && !gateway.present) {
    errors.required(http01, 'no HTTP01 solver type configured: set ingress or gatewayHTTPRoute');
  }
  if (ingress.present && gateway.present)
    errors.required(http01, 'only 1 HTTP01 solver type may be configured');
}

function validateIngress(ingress: Field, errors: FieldErrors): void {
  const className = ingress.at('ingressClassName');
  const ways = [className.present, ingress.at('class').present, ingress.at('name').text !== ''];
  if (ways.filter(Boolean).length > 1) {
    errors.forbidden(ingress, "only one of 'ingressClassName', 'name' or 'class' should be specified");
  }
  const problem = className.present ? subdomainProblem(className.text) : undefined;
  if (problem !== undefined) errors.invalid(className, `is no name of an IngressClass: ${problem}`);
  validateServiceType(ingress.at('serviceType'), errors);
}

function validateGateway(gateway: Field, errors: FieldErrors): void {
  validateServiceType(gateway.at('serviceType'), errors);
  for (const parent of gateway.at('parentRefs').items) {
    const named = parent.at('name').text !== '';
    const kind = parent.at('kind').present;
    if (kind === named) continue;
    if (named) errors.required(parent.at('kind'), 'kind is required when name is specified');
    else errors.required(parent.at('name'), 'name is required when kind is specified');
    return;
  }
}

function validateServiceType(type: Field, errors: FieldErrors): void {
  if (type.text === '' || type.text === 'ClusterIP' || type.text === 'NodePort') return;
  errors.invalid(type, 'must be empty, "ClusterIP" or "NodePort"');
}
