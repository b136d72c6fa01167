/** Which files a Certificate's Secret becomes: pure, and suspicious of every name (issue: path traversal is refused). */
import { certificateName } from '../../api/annotations.ts';
import type { Certificate } from '../../api/certificate.ts';
import type { Secret } from '../../api/core.ts';

/** `certwright.dev/export-<key>` on a Certificate: the file name for that key of the Secret; empty leaves the key out. */
export const exportNamePrefix = 'certwright.dev/export-';
/** `"false"` on a Certificate: no files at all. */
export const exportAnnotation = 'certwright.dev/export';

export interface ExportFile {
  name: string;
  /** Key of the Secret's data. */
  key: string;
  bytes: Uint8Array;
}

export interface ExportProblem {
  /** Such as `Certificate shop/web`. */
  object: string;
  /** Such as `metadata.annotations[certwright.dev/export-tls.crt]`. */
  field: string;
  message: string;
}

export type ExportPlan =
  | { do: 'nothing'; why: string }
  | { do: 'write'; namespace: string; name: string; files: ExportFile[] }
  | { do: 'refuse'; problems: ExportProblem[] };

export function planExport(certificate: Certificate, secret: Secret | undefined): ExportPlan {
  const { namespace = '', name = '', annotations = {} } = certificate.metadata ?? {};
  const object = `Certificate ${namespace}/${name}`;
  const problems: ExportProblem[] = [];
  for (const [field, value] of [
    ['metadata.namespace', namespace],
    ['metadata.name', name],
  ] as const) {
    const fault = nameFault(value);
    if (fault !== undefined) problems.push({ object, field, message: fault });
  }
  if (annotations[exportAnnotation] === 'false')
    return { do: 'nothing', why: `${exportAnnotation} is "false"` };

  const stranger =
    problems.length === 0 && secret !== undefined ? strangeness(certificate, secret) : undefined;
  if (stranger !== undefined) return { do: 'nothing', why: stranger };

  const names = new Map<string, string>();
  for (const [annotation, value] of Object.entries(annotations)) {
    if (!annotation.startsWith(exportNamePrefix)) continue;
    const fault = value === '' ? undefined : nameFault(value);
    const field = `metadata.annotations[${annotation}]`;
    if (fault !== undefined) problems.push({ object, field, message: fault });
    else names.set(annotation.slice(exportNamePrefix.length), value);
  }

  const files: ExportFile[] = [];
  const taken = new Map<string, string>();
  for (const [key, value] of Object.entries(secret?.data ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const chosen = names.get(key) ?? key;
    if (chosen === '') continue;
    const fault = names.has(key) ? undefined : nameFault(chosen);
    const other = taken.get(chosen);
    if (fault !== undefined) {
      problems.push({
        object: `Secret ${namespace}/${certificate.spec.secretName}`,
        field: `data[${key}]`,
        message: fault,
      });
    } else if (other !== undefined) {
      const message = `the file name "${chosen}" is already taken by key ${other}: choose another`;
      problems.push({ object, field: `metadata.annotations[${exportNamePrefix}${key}]`, message });
    } else {
      taken.set(chosen, key);
      files.push({ name: chosen, key, bytes: Buffer.from(value, 'base64') });
    }
  }
  if (problems.length > 0) return { do: 'refuse', problems };
  if (secret === undefined) return { do: 'nothing', why: 'there is no Secret yet' };
  return { do: 'write', namespace, name, files };
}

/** Ready=True, said about the spec as it is now: the Secret was looked at and is what the Certificate asks for. */
export function isVouchedFor({ metadata, status }: Certificate): boolean {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return (
    ready?.status === 'True' && (ready.observedGeneration ?? metadata?.generation) === metadata?.generation
  );
}

/**
 * Why the Secret is not this Certificate's, as far as anybody knows: spec.secretName may have been pointed at that of
 * another one a moment ago, and a key of theirs must not become a file of ours.
 */
function strangeness(certificate: Certificate, { metadata }: Secret): string | undefined {
  const owner = metadata?.annotations?.[certificateName];
  if (owner === certificate.metadata?.name) return undefined;
  const secret = `Secret "${certificate.spec.secretName}"`;
  if (owner !== undefined) return `${secret} was issued for Certificate ${JSON.stringify(owner)}`;
  return isVouchedFor(certificate) ? undefined : `${secret} does not say for which Certificate it was issued`;
}

/** Why `name` cannot be one file in the folder; undefined when it can. Names with `..` in front belong to the swap. */
export function nameFault(name: string): string | undefined {
  const shown = JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}...` : name);
  if (name === '' || name === '.') return `${shown} is no file name`;
  if (name.startsWith('..'))
    return `${shown} leads out of the export folder or clashes with its bookkeeping: a file name may not begin with ".."`;
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused here
  if (/[/\\\u0000-\u001f\u007f]/.test(name))
    return `${shown} is not a plain file name: no slashes and no control characters`;
  if (Buffer.byteLength(name) > 255) return `${shown} is longer than 255 bytes`;
  return undefined;
}
