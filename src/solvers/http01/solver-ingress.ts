/** The Ingress that leads to the solver's Service (spec/acme.md §8.5), and the path in an Ingress of the user's (§8.6). */
import { ingressClass as classAnnotation } from '../../api/annotations.ts';
import type { Challenge } from '../../api/challenge.ts';
import type { Ingress, IngressPath, IngressRule } from '../../api/routes.ts';
import { SolverConfigurationError } from '../errors.ts';
import type { Http01Settings } from '../settings.ts';
import { challengePath, isAddress, labelsOf, metadataOf, solverPort } from './identity.ts';

const sourceRange = 'whitelist-source-range';
/** Everybody may look: CAs do not say from where they come. */
const openToAll = { [`nginx.ingress.kubernetes.io/${sourceRange}`]: '0.0.0.0/0,::/0' };

/** @throws SolverConfigurationError when class and ingressClassName are both set */
export function solverIngress(challenge: Challenge, service: string, settings: Http01Settings): Ingress {
  const { class: className = '', ingressClassName = '', ingressTemplate } = ingressSolverOf(challenge);
  if (className !== '' && ingressClassName !== '')
    throw new SolverConfigurationError(
      'the fields ingressClassName and class cannot be set at the same time: remove one of them from http01.ingress of the solver',
    );
  const added = ingressTemplate?.metadata?.annotations ?? {};
  const limited = Object.keys(added).some((key) => key.slice(key.lastIndexOf('/') + 1) === sourceRange);
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: metadataOf(
      challenge,
      labelsOf(challenge, settings.extraLabels, ingressTemplate?.metadata?.labels),
      {
        ...(limited ? {} : openToAll),
        ...(className === '' ? {} : { [classAnnotation]: className }),
        ...added,
      },
    ),
    spec: {
      ...(ingressClassName === '' ? {} : { ingressClassName }),
      rules: [
        {
          ...(isAddress(challenge) ? {} : { host: challenge.spec.dnsName }),
          http: { paths: [solverPath(challenge, service, settings)] },
        },
      ],
    },
  };
}

function solverPath(challenge: Challenge, service: string, settings: Http01Settings): IngressPath {
  return {
    path: challengePath(challenge.spec.token),
    pathType: settings.pathTypeExact ? 'Exact' : 'ImplementationSpecific',
    backend: { service: { name: service, port: { number: solverPort } } },
  };
}

/** Where the one rule of a solver's own Ingress leads. */
export function backendOf(ingress: Ingress): string | undefined {
  return ingress.spec?.rules?.[0]?.http?.paths[0]?.backend.service?.name;
}

/** The Ingress with the solver's path before all others of its host; undefined when it is there and leads to the Service. */
export function withSolverPath(
  ingress: Ingress,
  challenge: Challenge,
  service: string,
  settings: Http01Settings,
): Ingress | undefined {
  const wanted = solverPath(challenge, service, settings);
  const rules = ingress.spec?.rules ?? [];
  const host = isAddress(challenge) ? '' : challenge.spec.dnsName;
  const at = rules.findIndex((rule) => (rule.host ?? '') === host);
  if (at === -1)
    return withRules(ingress, [...rules, { ...(host === '' ? {} : { host }), http: { paths: [wanted] } }]);
  const rule = rules[at]!;
  const paths = rule.http?.paths ?? [];
  const present = paths.find(({ path }) => path === wanted.path);
  if (present !== undefined && sameBackend(present, wanted)) return undefined;
  const others = paths.filter((path) => path !== present);
  return withRules(ingress, rules.with(at, { ...rule, http: { paths: [wanted, ...others] } }));
}

/** The Ingress without the path; undefined when it has none. A rule that only led to the solver goes with it. */
export function withoutSolverPath(ingress: Ingress, challenge: Challenge): Ingress | undefined {
  const path = challengePath(challenge.spec.token);
  const host = isAddress(challenge) ? '' : challenge.spec.dnsName;
  const rules = ingress.spec?.rules ?? [];
  const isOurs = (rule: IngressRule): boolean =>
    (rule.host ?? '') === host && (rule.http?.paths.some((one) => one.path === path) ?? false);
  if (!rules.some(isOurs)) return undefined;
  const left = rules.flatMap((rule): IngressRule[] => {
    if (!isOurs(rule)) return [rule];
    const paths = rule.http?.paths.filter((one) => one.path !== path) ?? [];
    return paths.length === 0 ? [] : [{ ...rule, http: { paths } }];
  });
  return withRules(ingress, left);
}

function withRules(ingress: Ingress, rules: IngressRule[]): Ingress {
  return { ...ingress, spec: { ...ingress.spec, rules } };
}

function sameBackend(a: IngressPath, b: IngressPath): boolean {
  return (
    a.backend.service?.name === b.backend.service?.name &&
    a.backend.service?.port?.number === b.backend.service?.port?.number
  );
}

function ingressSolverOf({
  spec,
}: Challenge): NonNullable<NonNullable<Challenge['spec']['solver']['http01']>['ingress']> {
  return spec.solver.http01?.ingress ?? {};
}
