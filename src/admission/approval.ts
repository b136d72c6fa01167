/** Whether the requester may approve or deny requests for a signer (spec/api.md §17). */
import type { Authorize, UserInfo } from '../api/admission.ts';
import { signersResource } from '../api/labels.ts';
import { defaultIssuerGroup, defaultIssuerKind } from '../api/limits.ts';
import { conditionOf } from './certificate-request.ts';
import type { FieldErrors } from './field-errors.ts';
import type { Field } from './field.ts';

/** A kind of signer as discovery knows it. */
export interface SignerResource {
  plural: string;
  namespaced: boolean;
}

/** Looks a kind up; undefined when the API server serves no such kind. */
export type FindSigner = (
  group: string,
  kind: string,
) => SignerResource | undefined | Promise<SignerResource | undefined>;

/** An approval or denial that was not there before. */
export function isApproving(before: Field, after: Field): boolean {
  const [old, now] = [before.at('status', 'conditions'), after.at('status', 'conditions')];
  return ['Approved', 'Denied'].some(
    (type) => conditionOf(now, type) !== undefined && conditionOf(old, type) === undefined,
  );
}

export async function validateApprover(
  object: Field,
  user: UserInfo,
  authorize: Authorize,
  findSigner: FindSigner,
  errors: FieldErrors,
): Promise<void> {
  const reference = object.at('spec', 'issuerRef');
  const name = reference.at('name').text;
  const kind = reference.at('kind').text || defaultIssuerKind;
  const group = reference.at('group').text || defaultIssuerGroup;
  const signer = await findSigner(group, kind);
  if (signer === undefined) {
    errors.forbidden(reference, `referenced signer resource does not exist: {${name} ${kind} ${group}}`);
    return;
  }
  const namespace = object.at('metadata', 'namespace').text;
  const signers = `${signer.plural}.${group}`;
  const one = signer.namespaced ? `${signers}/${namespace}.${name}` : `${signers}/${name}`;
  for (const resourceName of [`${signers}/*`, one]) {
    const { group: resourceGroup, resource, approve } = signersResource;
    if (await authorize({ user, verb: approve, group: resourceGroup, resource, name: resourceName })) return;
  }
  errors.forbidden(
    object.at('status', 'conditions'),
    `user "${user.username}" does not have permissions to set approved/denied conditions for issuer {${name} ${kind} ${group}}; grant the verb approve on signers.cert-manager.io named ${one}`,
  );
}

/** Our own two kinds; used where no discovery is at hand. */
export function builtInSigner(group: string, kind: string): SignerResource | undefined {
  if (group !== defaultIssuerGroup) return undefined;
  if (kind === 'Issuer') return { plural: 'issuers', namespaced: true };
  if (kind === 'ClusterIssuer') return { plural: 'clusterissuers', namespaced: false };
  return undefined;
}
