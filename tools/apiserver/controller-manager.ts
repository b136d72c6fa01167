/** kube-controller-manager with those of its controllers that objects of ours depend on, and no others. */

import path from 'node:path';

/** Garbage collection, ends of namespaces, what a namespace has from its beginning, aggregated roles, checked policies. */
export const CONTROLLERS: readonly string[] = [
  'garbage-collector-controller',
  'namespace-controller',
  'serviceaccount-controller',
  'serviceaccount-token-controller',
  'root-ca-certificate-publisher-controller',
  'clusterrole-aggregation-controller',
  'validatingadmissionpolicy-status-controller',
];

/** `folder` is the cluster's; `kubeconfig` that of system:kube-controller-manager, as RBAC's own bindings expect it. */
export function controllerManagerArgs(
  folder: string,
  kubeconfig: string,
  controllers: readonly string[],
): string[] {
  const pki = path.join(folder, 'pki');
  return [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    `--controllers=${controllers.join(',')}`,
    // Each controller with a ServiceAccount of its own, so that each has no more rights than Kubernetes grants it.
    '--use-service-account-credentials=true',
    `--service-account-private-key-file=${pki}/sa.key`,
    `--root-ca-file=${pki}/ca.crt`,
    '--leader-elect=false',
    // Twenty a second are its default: whoever takes away hundreds of objects would wait for its garbage collector.
    '--kube-api-qps=200',
    '--kube-api-burst=400',
    '--secure-port=0',
  ];
}
