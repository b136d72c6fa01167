/** The kinds that hold a CA bundle for the API server to trust, reduced to the fields that injection reads (spec/shims-webhook-cainjector.md §20). */
import type { KubeObject } from './meta.ts';

/** Base64 of PEM certificates. */
interface ClientConfig {
  caBundle?: string;
}

/** Mutating and validating alike (admissionregistration.k8s.io/v1). */
export interface WebhookConfiguration extends KubeObject {
  webhooks?: { name: string; clientConfig?: ClientConfig }[];
}

/** apiregistration.k8s.io/v1. */
export interface APIService extends KubeObject {
  spec?: { caBundle?: string };
}

/** apiextensions.k8s.io/v1, seen from conversion. */
export interface ConvertibleDefinition extends KubeObject {
  spec?: { conversion?: { strategy?: string; webhook?: { clientConfig?: ClientConfig } } };
}
