/** Certificates on the node: how many are Ready, and what their Secrets hold. */

import { X509Certificate } from 'node:crypto';

import { get } from './node.ts';

export interface Certificate {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly secretName: string; readonly dnsNames?: readonly string[] };
  readonly status?: {
    readonly revision?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

interface Secret {
  readonly data: Readonly<Record<string, string>>;
}

export function isReady(certificate: Certificate): boolean {
  return (certificate.status?.conditions ?? []).some(
    ({ type, status }) => type === 'Ready' && status === 'True',
  );
}

export async function certificates(namespace: string): Promise<readonly Certificate[]> {
  return (await get<{ items: Certificate[] }>('certificates', '-n', namespace)).items;
}

/** The leaf in a Secret, and the CA beside it in PEM. */
export async function stored(
  namespace: string,
  secret: string,
): Promise<{ leaf: X509Certificate; ca: string }> {
  const { data } = await get<Secret>('secret', secret, '-n', namespace);
  const text = (name: string): string => Buffer.from(data[name] ?? '', 'base64').toString();
  return { leaf: new X509Certificate(text('tls.crt')), ca: text('ca.crt') };
}
