/** What annotations of a Certificate (copied to its Order) change in the solver that was chosen (acme.md §6.2, §6.3). Pure. */
import {
  http01OverrideIngressClass,
  http01OverrideIngressClassName,
  http01OverrideIngressName,
  http01ParentRefKind,
  http01ParentRefName,
  http01ParentRefNamespace,
} from '../../api/annotations.ts';
import type { GatewaySolver, IngressSolver, ParentReference } from '../../api/solver-http01.ts';
import type { Solver } from '../../api/solver.ts';

/** The annotations ask for what cannot be done together, or the solver lacks what they would give. */
export class OverrideError extends Error {
  readonly code = 'order/override';
  readonly retryable = false;
}

/** @throws OverrideError */
export function overrideSolver(
  solver: Solver,
  annotations: Readonly<Record<string, string>> | undefined,
  namespace: string,
): Solver {
  const { http01 } = solver;
  if (http01?.ingress !== undefined && annotations !== undefined) {
    return { ...solver, http01: { ...http01, ingress: overrideIngress(http01.ingress, annotations) } };
  }
  if (http01?.gatewayHTTPRoute !== undefined && annotations !== undefined) {
    const gatewayHTTPRoute = overrideParents(http01.gatewayHTTPRoute, annotations, namespace);
    return { ...solver, http01: { ...http01, gatewayHTTPRoute } };
  }
  return solver;
}

function overrideIngress(
  ingress: IngressSolver,
  annotations: Readonly<Record<string, string>>,
): IngressSolver {
  const fields = [
    ['name', http01OverrideIngressName],
    ['class', http01OverrideIngressClass],
    ['ingressClassName', http01OverrideIngressClassName],
  ] as const;
  const given = fields.flatMap(([field, annotation]) => {
    // An empty one is there, too: it takes away what the issuer says (acme.md §6.2).
    const value = annotations[annotation];
    return value === undefined ? [] : [[field, value] as const];
  });
  if (given.length > 1)
    throw new OverrideError(
      'may not specify more than one of: name, class, ingressClassName override annotations',
    );
  const [one] = given;
  if (one === undefined) return ingress;
  const { name: _name, class: _class, ingressClassName: _ingressClassName, ...rest } = ingress;
  return { ...rest, [one[0]]: one[1] };
}

function overrideParents(
  route: GatewaySolver,
  annotations: Readonly<Record<string, string>>,
  orderNamespace: string,
): GatewaySolver {
  const name = annotations[http01ParentRefName] ?? '';
  const kind = annotations[http01ParentRefKind] ?? '';
  if ((name === '') !== (kind === ''))
    throw new OverrideError('cannot specify only one of parentRefName, parentRefKind override annotations');
  let parents: readonly ParentReference[] = route.parentRefs ?? [];
  if (name !== '') {
    const given = annotations[http01ParentRefNamespace] ?? '';
    const namespace = given === '' ? orderNamespace : given;
    // Of the same place and name only another kind stays beside it; one without a namespace is in that of the route.
    parents = parents.filter(
      (parent) =>
        parent.name !== name ||
        (parent.namespace ?? orderNamespace) !== namespace ||
        (parent.kind !== undefined && parent.kind !== kind),
    );
    parents = [...parents, { name, namespace, kind }];
  }
  if (parents.length === 0)
    throw new OverrideError('must specify parentRefs either through annotations or solver config');
  return { ...route, parentRefs: [...parents] };
}
