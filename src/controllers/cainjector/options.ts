/** What CA injection can be told: spec/operations.md §5. */

export interface CainjectorOptions {
  /** Certificates and Secrets of this namespace only are sources; absent: of all. Targets are cluster-scoped in any case. */
  namespace?: string;
  /** Namespaces whose Certificates and Secrets are no sources. */
  ignoreNamespaces: readonly string[];
  /** `inject-ca-from` is served. Without it Certificates are neither watched nor read. */
  certificates: boolean;
  mutatingWebhookConfigurations: boolean;
  validatingWebhookConfigurations: boolean;
  customResourceDefinitions: boolean;
  apiServices: boolean;
  /** Targets worked on at the same time. */
  concurrency: number;
}

export const defaultCainjectorOptions: CainjectorOptions = {
  ignoreNamespaces: [],
  certificates: true,
  mutatingWebhookConfigurations: true,
  validatingWebhookConfigurations: true,
  customResourceDefinitions: true,
  apiServices: true,
  concurrency: 5,
};
