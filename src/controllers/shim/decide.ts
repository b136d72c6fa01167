/** What is to be done about one Ingress, Gateway or listener set (spec/shims-webhook-cainjector.md §1-§9). */
import { controllingOwner } from '../../api/controlling-owner.ts';
import { ingressClusterIssuer, ingressIssuer } from '../../api/annotations.ts';
import type { Certificate } from '../../api/certificate.ts';
import { annotatedSpec } from './annotated-spec.ts';
import { certificateAnnotations, isTrue } from './certificate-annotations.ts';
import { difference, type Difference } from './difference.ts';
import { inherited } from './inherit.ts';
import type { ShimOptions } from './options.ts';
import { resolveIssuer } from './resolve-issuer.ts';
import type { ShimObject } from './shim-object.ts';
import { wantedCertificate, type WantedCertificate } from './wanted-certificate.ts';
import { wantedSecrets } from './wanted-secrets.ts';

export interface ShimFacts {
  readonly object: ShimObject;
  /** Of listener sets; absent when it is not there. */
  readonly gateway?: ShimObject | undefined;
  /** The Certificate of that name in the object's namespace, whoever made it. */
  certificate(name: string): Certificate | undefined;
  /** Certificates that the object controls. */
  readonly owned: readonly Certificate[];
}

export interface Change {
  readonly actual: Certificate;
  readonly wanted: WantedCertificate;
  readonly difference: Difference;
}

export interface ShimDecision {
  readonly create: readonly WantedCertificate[];
  /** Those with nothing but doubts included. */
  readonly change: readonly Change[];
  readonly remove: readonly Certificate[];
  /** Names that are taken by Certificates that are not ours, or not yet gone. */
  readonly taken: readonly string[];
  /** Messages of BadConfig events, in the order of the object; at most a dozen. */
  readonly warnings: readonly string[];
}

const nothing: ShimDecision = { create: [], change: [], remove: [], taken: [], warnings: [] };
const mostWarnings = 10;

/** Pure. Deciding again once all of it is done, with no doubt left, gives nothing to do. */
export function decide(facts: ShimFacts, options: ShimOptions): ShimDecision {
  if (facts.object.deleting) return nothing;
  const object = withInheritance(facts);
  if (object === undefined || !isAsking(object, options)) return nothing;

  const { issuer, problems: issuerProblems } = resolveIssuer(object, options);
  if (issuerProblems.length > 0)
    return warned(
      `Could not determine issuer for ${noun(object)} due to bad annotations: ${issuerProblems.join(', ')}`,
    );
  const { secrets, mentioned, skipped, fatal } = wantedSecrets(object, options);
  if (fatal !== undefined) return warned(`No Certificate is made: ${fatal}`);
  const { spec, problems } = annotatedSpec(object.annotations);
  if (problems.length > 0)
    return warned(
      `No Certificate is made or changed until this is mended: ${problems.slice(0, mostWarnings).join(', ')}`,
    );

  const annotations = certificateAnnotations(object, options);
  const create: WantedCertificate[] = [];
  const change: Change[] = [];
  const taken: string[] = [];
  for (const [name, hosts] of secrets) {
    const wanted = wantedCertificate(object, name, hosts, { issuer, spec, annotations });
    const actual = facts.certificate(name);
    if (actual === undefined) {
      create.push(wanted);
    } else if (
      controllingOwner(actual.metadata)?.uid !== object.uid ||
      actual.metadata?.deletionTimestamp !== undefined
    ) {
      taken.push(name);
    } else {
      const found = difference(actual, wanted, options.extraCertificateAnnotations);
      if (found.wrong.length > 0 || found.doubts.length > 0)
        change.push({ actual, wanted, difference: found });
    }
  }
  const remove = facts.owned.filter(
    ({ metadata, spec: { secretName } }) =>
      metadata?.deletionTimestamp === undefined && !mentioned.has(secretName),
  );
  return { create, change, remove, taken, warnings: bounded(skipped) };
}

/** Undefined for a listener set whose Gateway is not there: it is looked at again when the Gateway comes. */
function withInheritance({ object, gateway }: ShimFacts): ShimObject | undefined {
  if (object.kind === 'Ingress' || object.kind === 'Gateway') return object;
  if (object.parent === undefined || gateway === undefined || gateway.deleting) return undefined;
  return inherited(object, gateway);
}

/** The presence of an issuer's annotation is enough, even an empty one: it is then told that it names nobody. */
function isAsking({ kind, annotations }: ShimObject, options: ShimOptions): boolean {
  if (annotations[ingressIssuer] !== undefined || annotations[ingressClusterIssuer] !== undefined)
    return true;
  return kind === 'Ingress' && options.autoCertificateAnnotations.some((key) => isTrue(annotations[key]));
}

function noun({ kind }: ShimObject): string {
  return kind === 'Ingress' ? 'ingress' : kind;
}

function warned(warning: string): ShimDecision {
  return { ...nothing, warnings: [warning] };
}

function bounded(warnings: readonly string[]): readonly string[] {
  if (warnings.length <= mostWarnings) return warnings;
  const rest = warnings.length - mostWarnings;
  return [
    ...warnings.slice(0, mostWarnings),
    `Skipped ${rest} more entries; the first ${mostWarnings} are told of one by one`,
  ];
}
