/** `spec.secretTemplate` with absent parts as empty ones. */
import type { CertificateSpec } from '../../api/certificate.ts';

export function templateOf(spec: CertificateSpec): {
  labels: Record<string, string>;
  annotations: Record<string, string>;
} {
  return { labels: { ...spec.secretTemplate?.labels }, annotations: { ...spec.secretTemplate?.annotations } };
}
