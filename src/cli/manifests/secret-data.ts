/** Writes `stringData` of Secrets as `data` before it is applied. Pure. */
import type { Secret } from '../../api/core.ts';
import type { KubeObject } from '../../api/meta.ts';

/**
 * `stringData` is write-only: under server-side apply its keys would be owned but never be seen again, so that dropping
 * one from the file would not drop it from the Secret. Written as `data` they behave.
 */
export function withoutStringData(object: KubeObject & Pick<Secret, 'data' | 'stringData'>): KubeObject {
  const { stringData, ...rest } = object;
  if (object.kind !== 'Secret' || object.apiVersion !== 'v1' || stringData === undefined) return object;
  // Numbers and the like are the server's to refuse, with the field named.
  if (!Object.values(stringData).every((value) => typeof value === 'string')) return object;
  const entries = Object.entries(stringData).map(([key, value]) => [
    key,
    Buffer.from(value).toString('base64'),
  ]);
  const secret: Secret = { ...rest, data: { ...object.data, ...Object.fromEntries(entries) } };
  return secret;
}
