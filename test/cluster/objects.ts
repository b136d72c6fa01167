/** Short ways to write the objects and requests of the differential cases. */

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
