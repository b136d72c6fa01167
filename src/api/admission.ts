/**
 * The contract between an API server and admission: the fields of admission.k8s.io/v1 that our rules use.
 * `src/admission` implements it; the embedded server calls it in process, a webhook will serve it.
 */
import type { KubeObject } from './meta.ts';
import type { ResourceType } from './resources.ts';

export interface UserInfo {
  username: string;
  uid?: string;
  groups: string[];
  extra?: Record<string, string[]>;
}

export interface AdmissionRequest {
  operation: 'CREATE' | 'UPDATE' | 'DELETE';
  resource: ResourceType;
  /** `status` for writes to the status subresource. */
  subresource?: string;
  namespace?: string;
  name?: string;
  user: UserInfo;
  /** The new object, absent on DELETE. After defaulting and pruning. */
  object?: KubeObject;
  /** The stored object, absent on CREATE. */
  oldObject?: KubeObject;
  dryRun?: boolean;
}

/** One refused field, in Kubernetes' field error form (spec/api.md §17). */
export interface FieldError {
  type: 'Required' | 'Invalid' | 'NotSupported' | 'Duplicate' | 'Forbidden' | 'TooLong';
  /** Such as `spec.dnsNames[0]`. */
  path: string;
  /** Printed for Invalid, NotSupported and Duplicate. */
  value?: unknown;
  detail: string;
}

export interface AdmissionResponse {
  allowed: boolean;
  /** HTTP code of a refusal, 403 unless said otherwise. */
  code?: number;
  /** Every refused field; the aggregate text is rendered from these. */
  errors?: FieldError[];
  /** The aggregate text, ready to print. */
  message?: string;
  warnings?: string[];
  /** The object after mutation, when it changed. */
  object?: KubeObject;
}

/** Answers whether `user` may `verb` a virtual or real resource: Kubernetes' SubjectAccessReview as a function. */
export type Authorize = (question: {
  user: UserInfo;
  verb: string;
  group: string;
  resource: string;
  namespace?: string;
  name?: string;
}) => boolean | Promise<boolean>;

/** Reviews one write. Mutation and validation in one call; must not keep references to the objects it is given. */
export type Admission = (request: AdmissionRequest) => AdmissionResponse | Promise<AdmissionResponse>;
