/** What annotations say about the Certificate (spec/shims-webhook-cainjector.md §7). */
import { isIP } from 'node:net';
import * as keys from '../../api/annotations.ts';
import type { CertificateSpec, SecretTemplate } from '../../api/certificate.ts';
import { formatDurationNanos, parseDurationNanos } from '../../api/duration.ts';
import {
  keyUsages,
  privateKeyAlgorithms,
  privateKeyEncodings,
  rotationPolicies,
  type KeyUsage,
} from '../../api/enumerations.ts';
import { csvLine } from './csv-line.ts';
import { secretTemplateOf } from './secret-template.ts';

/** Only what an annotation says is set. */
export interface AnnotatedSpec {
  readonly commonName?: string;
  /** Beside the hosts of the object. */
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly emailAddresses?: readonly string[];
  readonly subject?: NonNullable<CertificateSpec['subject']>;
  readonly duration?: string;
  readonly renewBefore?: string;
  readonly renewBeforePercentage?: number;
  readonly usages?: readonly KeyUsage[];
  readonly revisionHistoryLimit?: number;
  readonly privateKey?: NonNullable<CertificateSpec['privateKey']>;
  readonly secretTemplate?: SecretTemplate;
}

const hourNanos = 3_600_000_000_000n;
const minuteNanos = hourNanos / 60n;
const mostShown = 64;

const subjectLists = {
  organizations: keys.subjectOrganizations,
  organizationalUnits: keys.subjectOrganizationalUnits,
  countries: keys.subjectCountries,
  provinces: keys.subjectProvinces,
  localities: keys.subjectLocalities,
  postalCodes: keys.subjectPostalCodes,
  streetAddresses: keys.subjectStreetAddresses,
} as const;

/** Throws nothing: each problem names its annotation, and with one of them nothing may be made of the object. */
export function annotatedSpec(annotations: Readonly<Record<string, string>>): {
  spec: AnnotatedSpec;
  problems: readonly string[];
} {
  const reader = new Reader(annotations);
  const commonName = reader.read(keys.commonName, (text) =>
    Buffer.byteLength(text) > 64 ? refuse('a common name has at most 64 bytes') : text,
  );
  const ipAddresses = reader.list(keys.ipSans, (text) =>
    isIP(text) === 0 || text.includes('%') ? refuse(`"${shown(text)}" is no IP address`) : text,
  );
  const emails = reader.list(keys.emailSans, (text) =>
    /^[^\s@<>,;"]+@[^\s@<>,;"]+$/u.test(text) ? text : refuse(`"${shown(text)}" is no e-mail address`),
  );
  const usages = reader.list(keys.usages, (text) => {
    const known = keyUsages.find((usage) => usage === text);
    return known ?? refuse(`invalid key usage name "${shown(text)}"; known are ${keyUsages.join(', ')}`);
  });
  const duration = reader.read(keys.duration, (text) => durationOf(text, hourNanos, '1h'));
  const renewBefore = reader.read(keys.renewBefore, (text) => durationOf(text, 5n * minuteNanos, '5m'));
  const renewBeforePercentage = reader.read(keys.renewBeforePercentage, (text) => {
    const value = int32(text);
    return value < 1 || value > 99 ? refuse(`"${shown(text)}" is no percentage from 1 to 99`) : value;
  });
  if (renewBefore !== undefined && renewBeforePercentage !== undefined)
    reader.problem(keys.renewBefore, `excludes ${keys.renewBeforePercentage}; remove one of them`);
  const revisionHistoryLimit = reader.read(keys.revisionHistoryLimit, (text) => {
    const value = int32(text);
    return value < 1 ? refuse(`revision history limit must be a positive number "${shown(text)}"`) : value;
  });
  const spec: AnnotatedSpec = {
    ...given({
      commonName,
      emailAddresses: emails.length > 0 ? emails : undefined,
      usages: usages.length > 0 ? usages : undefined,
      duration,
      renewBefore,
      renewBeforePercentage,
      revisionHistoryLimit,
      subject: subjectOf(reader),
      privateKey: privateKeyOf(reader),
      secretTemplate: reader.read(keys.secretTemplate, (text) => secretTemplateOf(text, refuse)),
    }),
    dnsNames: reader.list(keys.altNames, (text) => text),
    ipAddresses,
  };
  return { spec, problems: reader.problems };
}

function subjectOf(reader: Reader): AnnotatedSpec['subject'] {
  const lists = Object.entries(subjectLists).map(([field, key]) => [
    field,
    reader.read(key, (text) => {
      const line = csvLine(text);
      return 'problem' in line ? refuse(line.problem) : [...line.fields];
    }),
  ]);
  const serialNumber = reader.read(keys.subjectSerialNumber, (text) => text);
  const subject = given({ ...Object.fromEntries(lists), serialNumber }) as NonNullable<
    AnnotatedSpec['subject']
  >;
  return Object.keys(subject).length === 0 ? undefined : subject;
}

function privateKeyOf(reader: Reader): AnnotatedSpec['privateKey'] {
  const algorithm = reader.read(keys.privateKeyAlgorithm, (text) =>
    oneOf(text, privateKeyAlgorithms, 'private key algorithm'),
  );
  const encoding = reader.read(keys.privateKeyEncoding, (text) =>
    oneOf(text, privateKeyEncodings, 'private key encoding'),
  );
  const rotationPolicy = reader.read(keys.privateKeyRotationPolicy, (text) =>
    oneOf(text, rotationPolicies, 'private key rotation policy'),
  );
  const size = reader.read(keys.privateKeySize, (text) => {
    const value = int32(text);
    const kind = algorithm ?? 'RSA';
    if (kind === 'RSA' && (value < 2048 || value > 8192))
      refuse(`"${shown(text)}" is no size of an RSA key, which has 2048 to 8192 bits`);
    if (kind === 'ECDSA' && ![256, 384, 521].includes(value))
      refuse(`"${shown(text)}" is no size of an ECDSA key, which has 256, 384 or 521 bits`);
    return value;
  });
  const privateKey = given({ algorithm, encoding, size, rotationPolicy });
  return Object.keys(privateKey).length === 0 ? undefined : privateKey;
}

class Refusal extends Error {}

/** Only between a reader and `Reader.read`, which makes a problem of it. */
function refuse(problem: string): never {
  throw new Refusal(problem);
}

class Reader {
  readonly problems: string[] = [];
  readonly #annotations: Readonly<Record<string, string>>;

  constructor(annotations: Readonly<Record<string, string>>) {
    this.#annotations = annotations;
  }

  problem(key: string, problem: string): void {
    this.problems.push(`invalid annotation "${key}": ${problem}`);
  }

  /** An empty value says nothing, as if the annotation were not there. */
  read<T>(key: string, parse: (text: string) => T): T | undefined {
    const text = this.#annotations[key];
    if (typeof text !== 'string' || text === '') return undefined;
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.problem(key, error.message);
      return undefined;
    }
  }

  /** Comma-separated, spaces around the values do not count, nor do empty values. */
  list<T>(key: string, parse: (text: string) => T): T[] {
    const all = this.read(key, (text) =>
      [...new Set(text.split(',').map((part) => part.trim()))].filter((part) => part !== '').map(parse),
    );
    return all ?? [];
  }
}

function durationOf(text: string, least: bigint, words: string): string {
  const nanos = parseDurationNanos(text);
  if (nanos === undefined)
    refuse(`"${shown(text)}" is no Go duration such as 2160h or 90m; there is no unit for days`);
  if (nanos < least) refuse(`"${shown(text)}" is less than ${words}`);
  return formatDurationNanos(nanos);
}

function int32(text: string): number {
  const value = Number(text);
  if (!/^[+-]?\d{1,10}$/u.test(text) || value > 2 ** 31 - 1 || value < -(2 ** 31))
    refuse(`"${shown(text)}" is no whole number`);
  return value;
}

function oneOf<T extends string>(text: string, values: readonly T[], what: string): T {
  return (
    values.find((value) => value === text) ??
    refuse(`invalid ${what} "${shown(text)}"; there are ${values.join(', ')}`)
  );
}

function shown(text: string): string {
  return text.length <= mostShown ? text : `${text.slice(0, mostShown)}...`;
}

/** Without the entries that are undefined. */
function given<T extends object>(object: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as never;
}
