/** The policies for CertificateRequests: what is asked for, and what nobody may change or claim later (spec/api.md §10, §17). */
import { frozenAnnotationPrefixes } from '../../api/annotations.ts';
import { certificateRequests } from '../../api/resources.ts';
import { matching, validatingPolicy, type ValidatingPolicy } from './admission-policy.ts';
import { approvalVariables, approverMay, conditionProblems } from './approval-problems.ts';
import { literal, Place } from './place.ts';
import { forbidden, found, invalid, needed, when, type Problem } from './problems.ts';
import { durationProblem, hasPem, isDuration, issuerReferenceProblems } from './reference-problems.ts';

const spec = new Place('object').at('spec');
const old = new Place('oldObject').at('spec');
const { plural } = certificateRequests;

/** What a new request may ask for. That its CSR can be read and agrees with the spec, the signer finds out. */
export function certificateRequestPolicy(): ValidatingPolicy {
  const request = spec.at('request');
  return validatingPolicy({
    name: 'certwright-certificaterequests',
    matches: matching(certificateRequests, ['CREATE'], plural),
    problems: [
      {
        name: 'spec',
        expression: found([
          durationProblem(spec.at('duration')),
          ...issuerReferenceProblems(spec.at('issuerRef')),
          needed(request, 'give the certificate signing request as base64 of its PEM form'),
          when(
            `${request.isSet} && !${hasPem(request.text, 'CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST')}`,
            invalid(request, 'has no PEM block -----BEGIN CERTIFICATE REQUEST----- in it'),
          ),
        ]),
      },
    ],
  });
}

/** Who asked, what was asked, who approved: none of it can be forged or changed, in any namespace. */
export function requestGuardPolicy(): ValidatingPolicy {
  return validatingPolicy({
    name: 'certwright-certificaterequest-guard',
    matches: matching(certificateRequests, ['CREATE', 'UPDATE'], plural, `${plural}/status`),
    variables: [{ name: 'updating', expression: "request.operation == 'UPDATE'" }, ...approvalVariables()],
    problems: [
      { name: 'identity', expression: found(identityProblems()) },
      { name: 'annotations', expression: found([annotationProblem()]) },
      { name: 'conditions', expression: found(conditionProblems()) },
      {
        name: 'spec',
        expression: found([
          when(
            `variables.updating && (${specChanges().join(' || ')})`,
            forbidden(spec, 'cannot change after creation; create a new CertificateRequest'),
          ),
        ]),
      },
    ],
    validations: [approverMay()],
  });
}

const identities: readonly [field: string, fallback: string][] = [
  ['uid', "''"],
  ['username', "''"],
  ['groups', '[]'],
  ['extra', '{}'],
];

/** On creation the identity is that of the requester, as the mutating policy has stamped it; later it stays. */
function identityProblems(): Problem[] {
  return identities.flatMap(([field, fallback]) => {
    const [now, before] = [spec.at(field), old.at(field)];
    const requester = `request.userInfo.?${field}.orValue(${fallback})`;
    return [
      when(
        `!variables.updating && !(${same(now.or(fallback), requester, field)})`,
        forbidden(now, `${field} identity must be that of the requester`),
      ),
      when(
        `variables.updating && !(${same(now.or(fallback), before.or(fallback), field)})`,
        forbidden(now, `${field} identity cannot be changed once set`),
      ),
    ];
  });
}

/** Lists count without order. */
function same(a: string, b: string, field: string): string {
  if (field === 'groups') return `${a}.all(g, g in ${b}) && ${b}.all(g, g in ${a})`;
  if (field !== 'extra') return `${a} == ${b}`;
  const within = (one: string, other: string) =>
    `${one}.all(k, k in ${other} && ${one}[k].all(v, v in ${other}[k]) && ${other}[k].all(v, v in ${one}[k]))`;
  return `${within(a, b)} && ${b}.all(k, k in ${a})`;
}

function annotationProblem(): Problem {
  const maps = ['object', 'oldObject'].map((root) => new Place(root).at('metadata', 'annotations').or('{}'));
  const [now, before] = maps as [string, string];
  const frozen = frozenAnnotationPrefixes.map((prefix) => `k.startsWith(${literal(prefix)})`).join(' || ');
  const differs = (map: string, other: string) =>
    `${map}.transformList(k, v, (${frozen}) && (!(k in ${other}) || ${other}[k] != v), k)`;
  const changed = `(${differs(now, before)} + ${before}.transformList(k, v, (${frozen}) && !(k in ${now}), k))`;
  const message = forbidden(
    new Place('k', ['metadata.annotations.', { cel: 'k' }]),
    'cannot be added, changed or removed after creation',
  );
  return `(variables.updating ? ${changed}.map(k, ${message}) : []).join(', ')`;
}

/** Absent, empty and false are one, and durations count by length: typed clients write objects back like that. */
function specChanges(): string[] {
  const differ = (fallback: string, ...names: string[]) =>
    `${spec.at(...names).or(fallback)} != ${old.at(...names).or(fallback)}`;
  const [length, before] = [spec.at('duration'), old.at('duration')];
  const equalLength = `${length.present} && ${before.present} && ${isDuration(length.text)} && ${isDuration(before.text)} && duration(${length.text}) == duration(${before.text})`;
  return [
    `(${differ("''", 'duration')} && !(${equalLength}))`,
    ...['name', 'kind', 'group'].map((name) => differ("''", 'issuerRef', name)),
    differ("''", 'request'),
    differ('false', 'isCA'),
    differ('[]', 'usages'),
    ...identities
      .map(([field]) => field)
      .map((field) => {
        const fallback = identities.find(([name]) => name === field)?.[1] ?? "''";
        return `!(${same(spec.at(field).or(fallback), old.at(field).or(fallback), field)})`;
      }),
  ];
}
