/** Approval of CertificateRequests in CEL: the conditions, and whether the user may set them (spec/api.md §10, §17). */
import { signersResource } from '../../api/labels.ts';
import { defaultIssuerGroup, defaultIssuerKind } from '../../api/limits.ts';
import type { Named, Validation } from './admission-policy.ts';
import { joined, literal, Place } from './place.ts';
import { forbidden, invalidValue, when, type Problem } from './problems.ts';

const conditions = new Place('object').at('status', 'conditions');
const before = new Place('oldObject').at('status', 'conditions');
const types = ['Approved', 'Denied'] as const;
const variable = (type: string, old = false) => `variables.${old ? `was${type}` : type.toLowerCase()}`;

/**
 * CEL has no discovery, so the resource behind the kind of a signer is: `issuers` and `clusterissuers` in our group;
 * what `signerKinds` says (`Kind.group` to `plural/Namespaced` or `plural/Cluster`); else the plural that Kubernetes
 * itself guesses (meta.UnsafeGuessKindToResource), taken for cluster-scoped when the kind has `Cluster` in it.
 */
export function approvalVariables(): Named[] {
  const reference = new Place('object').at('spec', 'issuerRef');
  const kind = reference.at('kind');
  const group = reference.at('group');
  const plural = `variables.signerKind.lowerAscii()`;
  return [
    ...types.flatMap((type) => [
      { name: type.toLowerCase(), expression: ofType(conditions, type) },
      { name: `was${type}`, expression: `(variables.updating ? ${ofType(before, type)} : [])` },
    ]),
    {
      name: 'approving',
      expression: `variables.updating && request.?subResource.orValue('') == 'status' && (${types
        .map((type) => `(size(${variable(type)}) > 0 && size(${variable(type, true)}) == 0)`)
        .join(' || ')})`,
    },
    { name: 'signerName', expression: reference.at('name').text },
    { name: 'signerKind', expression: `${kind.isEmpty} ? '${defaultIssuerKind}' : ${kind.text}` },
    { name: 'signerGroup', expression: `${group.isEmpty} ? '${defaultIssuerGroup}' : ${group.text}` },
    { name: 'signerKinds', expression: '{}' },
    {
      name: 'signerResource',
      expression: [
        `variables.signerKind + '.' + variables.signerGroup in variables.signerKinds`,
        `? string(variables.signerKinds[variables.signerKind + '.' + variables.signerGroup])`,
        `: (${plural}.endsWith('s') ? ${plural} + 'es' : ${plural}.endsWith('y') ? ${plural}.substring(0, size(${plural}) - 1) + 'ies' : ${plural} + 's')`,
        `+ (variables.signerKind.contains('Cluster') ? '/Cluster' : '/Namespaced')`,
      ].join(' '),
    },
    {
      name: 'signers',
      expression: `variables.signerResource.split('/')[0] + '.' + variables.signerGroup`,
    },
    {
      name: 'signer',
      expression: `variables.signers + '/' + (variables.signerResource.endsWith('/Cluster') ? '' : request.namespace + '.') + variables.signerName`,
    },
  ];
}

function ofType(list: Place, type: string): string {
  return `${list.items}.filter(c, c.type == '${type}')`;
}

/** At most one of Approved and Denied, once, True, and for ever. */
export function conditionProblems(): Problem[] {
  return [
    ...types.map((type) =>
      when(
        `size(${variable(type, true)}) > 0 && !(${kept(type)})`,
        forbidden(conditions, `'${type}' condition may not be modified once set`),
      ),
    ),
    ...types.flatMap((type) => [
      when(`size(${variable(type)}) > 1`, forbidden(conditions, `multiple "${type}" conditions present`)),
      when(
        `size(${variable(type)}) == 1 && ${variable(type)}[0].status != 'True'`,
        invalidValue(
          conditions.at(type),
          `strings.quote(${variable(type)}[0].status)`,
          `"${type}" condition may only be set to True`,
        ),
      ),
    ]),
    when(
      types.map((type) => `size(${variable(type)}) > 0`).join(' && '),
      forbidden(conditions, "both 'Denied' and 'Approved' conditions cannot coexist"),
    ),
  ];
}

/** The first one is as it was; absent and empty are one. */
function kept(type: string): string {
  const [now, old] = [`${variable(type)}[0]`, `${variable(type, true)}[0]`];
  const fields = ['status', 'reason', 'message', 'lastTransitionTime', 'observedGeneration'];
  const equal = fields.map((field) => {
    const fallback = field === 'observedGeneration' ? '0' : "''";
    return `${now}.?${field}.orValue(${fallback}) == ${old}.?${field}.orValue(${fallback})`;
  });
  return [`size(${variable(type)}) > 0`, ...equal].join(' && ');
}

/**
 * The user holds the verb approve on the signer or on all signers of its kind. A rule apart: messages cannot ask the
 * authorizer, so no variable of theirs may.
 */
export function approverMay(): Validation {
  const { group, resource, approve } = signersResource;
  const may = (name: string) =>
    `authorizer.group('${group}').resource('${resource}').name(${name}).check('${approve}').allowed()`;
  const message = joined([
    ...conditions.path,
    ': Forbidden: user ',
    { cel: 'strings.quote(request.userInfo.username)' },
    ' does not have permissions to set approved/denied conditions for issuer {',
    { cel: 'variables.signerName' },
    ' ',
    { cel: 'variables.signerKind' },
    ' ',
    { cel: 'variables.signerGroup' },
    `}; grant the verb ${approve} on ${resource}.${group} named `,
    { cel: 'variables.signer' },
  ]);
  return {
    expression: `!variables.approving || ${may(`variables.signers + ${literal('/*')}`)} || ${may('variables.signer')}`,
    messageExpression: message,
    reason: 'Forbidden',
  };
}
