/** The kubeconfig with which kubectl and other programs reach the server. */

export interface KubeconfigFacts {
  url: string;
  /** PEM of the CA. */
  ca: string;
  token: string;
}

/** kubeconfig is YAML, of which JSON is a part; block style is kept for people. */
export function renderKubeconfig({ url, ca, token }: KubeconfigFacts): string {
  return `apiVersion: v1
kind: Config
clusters:
- name: certwright
  cluster:
    server: ${url}
    certificate-authority-data: ${Buffer.from(ca).toString('base64')}
users:
- name: certwright-admin
  user:
    token: ${JSON.stringify(token)}
contexts:
- name: certwright
  context:
    cluster: certwright
    user: certwright-admin
    namespace: default
current-context: certwright
`;
}
