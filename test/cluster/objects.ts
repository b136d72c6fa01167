/** Short ways to write the objects and requests of the differential cases. */
import type { Ask } from './two-servers.ts';

export const APPLY = 'application/apply-patch+yaml';
export const MERGE = 'application/merge-patch+json';
export const JSON_PATCH = 'application/json-patch+json';
export const STRATEGIC = 'application/strategic-merge-patch+json';

export const CERTIFICATES = '/apis/cert-manager.io/v1/namespaces/{ns}/certificates';
export const SECRETS = '/api/v1/namespaces/{ns}/secrets';
export const CONFIG_MAPS = '/api/v1/namespaces/{ns}/configmaps';

export function certificate(name: string, spec: object = {}, metadata: object = {}): object {
  return {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { name, ...metadata },
    spec: { secretName: 's', issuerRef: { name: 'ca' }, ...spec },
  };
}

export function secret(name: string, more: object = {}, metadata: object = {}): object {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, ...metadata }, ...more };
}

export function configMap(name: string, more: object = {}, metadata: object = {}): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, ...more };
}

export const EVENTS = '/api/v1/namespaces/{ns}/events';
export const LEASES = '/apis/coordination.k8s.io/v1/namespaces/{ns}/leases';
export const ISSUERS = '/apis/cert-manager.io/v1/namespaces/{ns}/issuers';
export const INGRESSES = '/apis/networking.k8s.io/v1/namespaces/{ns}/ingresses';
export const SIGNING_REQUESTS = '/apis/certificates.k8s.io/v1/certificatesigningrequests';

export const TABLE = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' };

export function get(path: string, headers: Record<string, string> = {}): Ask {
  return { method: 'GET', path, headers };
}
export function post(path: string, body: unknown): Ask {
  return { method: 'POST', path, body };
}
export function put(path: string, body: unknown): Ask {
  return { method: 'PUT', path, body };
}
export function patch(path: string, type: string, body: unknown): Ask {
  return { method: 'PATCH', path, type, body };
}
export function remove(path: string, options?: object): Ask {
  const body = options === undefined ? undefined : { kind: 'DeleteOptions', apiVersion: 'v1', ...options };
  return { method: 'DELETE', path, body };
}
