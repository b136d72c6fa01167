/** What is wrong beside Certificates that are not Ready: for machines as fields, for people as lines. Pure. */
import { formatManifestError, type ManifestError } from '../manifests/manifest.ts';

export interface Problem {
  file?: string;
  /** Both count from 1. */
  line?: number;
  column?: number;
  /** `Certificate shop/web`. */
  object?: string;
  field?: string;
  message: string;
}

export function problemOf({ at, object, field, message }: ManifestError): Problem {
  return { ...at, object, field, message };
}

/** What is said already is not said again: a Certificate repeats what its Order says. */
export function saidOnce(message: string, more: string): string {
  return message.includes(more) ? message : `${message}; ${more}`;
}

const namedAtMost = 5;

/** One line for each problem; what several objects have in common is said once, with their names. */
export function problemLines(problems: readonly Problem[]): string[] {
  const lines = new Map<string, { objects: string[]; line: string }>();
  for (const problem of problems) {
    const { file, line = 1, column = 1, object, field, message } = problem;
    if (file !== undefined) {
      const text = formatManifestError({ at: { file, line, column }, object, field, message });
      lines.set(text, { objects: [], line: text });
      continue;
    }
    const text = field === undefined ? message : `${field}: ${message}`;
    const entry = lines.get(text) ?? { objects: [], line: text };
    if (object !== undefined && !entry.objects.includes(object)) entry.objects.push(object);
    lines.set(text, entry);
  }
  return [...lines.values()].map(({ objects, line }) => {
    if (objects.length === 0) return line;
    const more = objects.length > namedAtMost ? ` and ${objects.length - namedAtMost} more` : '';
    // `Issuer shop/ca is not Ready` reads as a sentence.
    const link = objects.length === 1 && line.startsWith('is ') ? ' ' : ': ';
    return `${objects.slice(0, namedAtMost).join(', ')}${more}${link}${line}`;
  });
}
