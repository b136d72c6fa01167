/** Who the parts of `certwright up` are to the API: the kubeconfig's holder is the administrator, they are not. */
import type { UserInfo } from '../../api/admission.ts';

/** The controllers, as the service account that they run under in a cluster: shown as requester of CertificateRequests. */
export function controllerUser(clusterResourceNamespace: string): UserInfo {
  return {
    username: `system:serviceaccount:${clusterResourceNamespace}:certwright`,
    groups: [
      'system:serviceaccounts',
      `system:serviceaccounts:${clusterResourceNamespace}`,
      'system:authenticated',
    ],
  };
}

/** Whoever wrote the files of the manifests folder. */
export const manifestsUser: UserInfo = {
  username: 'certwright:manifests',
  groups: ['system:masters', 'system:authenticated'],
};
