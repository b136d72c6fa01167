/** Where the CA of a target comes from: its annotations, in the order in which they win (spec/shims-webhook-cainjector.md §20). */
import { injectApiserverCa, injectCaFrom, injectCaFromSecret } from '../../api/annotations.ts';

export type Source =
  | { kind: 'secret' | 'certificate'; namespace: string; name: string }
  /** The CA behind the API server that we talk to. */
  | { kind: 'apiserver' }
  /** The annotation is there and names nothing. */
  | { kind: 'invalid'; annotation: string; value: string };

/** Longer than any namespace and name together. */
const longest = 512;

/** The first annotation that is set counts, the others are ignored, even where the first cannot be used. */
export function sourceOf(annotations: Readonly<Record<string, string>> | undefined): Source | undefined {
  const fromSecret = annotations?.[injectCaFromSecret] ?? '';
  if (fromSecret !== '') return referenceIn('secret', injectCaFromSecret, fromSecret);
  const fromCertificate = annotations?.[injectCaFrom] ?? '';
  if (fromCertificate !== '') return referenceIn('certificate', injectCaFrom, fromCertificate);
  return annotations?.[injectApiserverCa] === 'true' ? { kind: 'apiserver' } : undefined;
}

function referenceIn(kind: 'secret' | 'certificate', annotation: string, value: string): Source {
  const [namespace = '', name = '', ...more] = value.length > longest ? [] : value.split('/');
  if (namespace === '' || name === '' || more.length > 0)
    return { kind: 'invalid', annotation, value: value.slice(0, longest) };
  return { kind, namespace, name };
}
