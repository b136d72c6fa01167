/** Reviews for tests: one object in, the texts of the refusal out. */
import type { AdmissionResponse, UserInfo } from '../api/admission.ts';
import type { KubeObject } from '../api/meta.ts';
import {
  certificateRequests,
  certificates,
  challenges,
  clusterIssuers,
  issuers,
  orders,
  type ResourceType,
} from '../api/resources.ts';
import { createAdmission, type AdmissionOptions } from './create-admission.ts';
import { renderFieldError } from './render.ts';

export const user: UserInfo = { username: 'ann', uid: 'u-1', groups: ['dev', 'system:authenticated'] };

const resources = [certificates, certificateRequests, issuers, clusterIssuers, orders, challenges];

export function resourceOf(kind: string): ResourceType {
  const found = resources.find((resource) => resource.kind === kind);
  if (found === undefined) throw new Error(`no resource for ${kind}`);
  return found;
}

export interface Review {
  kind: string;
  object: unknown;
  /** Present: an update. */
  oldObject?: unknown;
  subresource?: string;
  user?: UserInfo;
  options?: AdmissionOptions;
}

export async function review(given: Review): Promise<AdmissionResponse> {
  return createAdmission(given.options)({
    operation: given.oldObject === undefined ? 'CREATE' : 'UPDATE',
    resource: resourceOf(given.kind),
    user: given.user ?? user,
    object: given.object as KubeObject,
    ...(given.oldObject !== undefined && { oldObject: given.oldObject as KubeObject }),
    ...(given.subresource !== undefined && { subresource: given.subresource }),
  });
}

/** The refused fields as text; none when the object is admitted. */
export async function refusals(given: Review): Promise<string[]> {
  return ((await review(given)).errors ?? []).map(renderFieldError);
}

/** Creates an object with this spec. */
export function refusalsOf(kind: string, spec: unknown): Promise<string[]> {
  return refusals({ kind, object: { metadata: { name: 'a', namespace: 'ns' }, spec } });
}

/** Whether refusals begin as expected, one for one: path, type and value are fixed, the sentence after them is not. */
export function beginAs(found: readonly string[], expected: readonly string[]): boolean {
  return (
    found.length === expected.length && expected.every((start, index) => found[index]?.startsWith(start))
  );
}
