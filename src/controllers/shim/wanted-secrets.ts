/** Which Secrets an object wants, and for which hosts (spec/shims-webhook-cainjector.md §3, §4). */
import { ignoreTlsListeners } from '../../api/annotations.ts';
import type { ShimOptions } from './options.ts';
import type { CertificateRef, Listener, ShimObject, TlsEntry } from './shim-object.ts';

export interface WantedSecrets {
  /** Secret name -> hosts, in the order of the object, each host once. */
  readonly secrets: ReadonlyMap<string, readonly string[]>;
  /** Secrets that keep the Certificate they have, whatever else is wrong with the entry that names them. */
  readonly mentioned: ReadonlySet<string>;
  /** Entries left out, each with its reasons, for people. */
  readonly skipped: readonly string[];
  /** Nothing may be done for the whole object. */
  readonly fatal?: string;
}

/** Objects are at most 1.5 MiB: room for ten thousand entries, of which each would be a Certificate. */
export const mostCertificates = 1_000;
const label = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?';
const subdomain = new RegExp(`^${label}(?:\\.${label})*$`);
const mostShown = 64;

export function wantedSecrets(
  object: ShimObject,
  options: Pick<ShimOptions, 'extraProtocols'>,
): WantedSecrets {
  return object.kind === 'Ingress' ? ofIngress(object.tls) : ofListeners(object, options.extraProtocols);
}

function ofIngress(tls: readonly TlsEntry[]): WantedSecrets {
  const mentioned = new Set(tls.map(({ secretName }) => secretName));
  const fatal = sharedNames(tls);
  if (fatal !== undefined) return { secrets: new Map(), mentioned, skipped: [], fatal };
  const book = new Book();
  for (const [i, { hosts, secretName }] of tls.entries()) {
    const field = `spec.tls[${i}]`;
    const problems: string[] = [];
    if (hosts.length === 0)
      problems.push(`${field}.hosts: Required value: name the hosts that the certificate is for`);
    problems.push(...nameProblems(secretName, `${field}.secretName`));
    book.enter(field, 'TLS block', problems, [secretName], hosts);
  }
  return { ...book.result(), mentioned };
}

/** Two entries without a name count as well: the server lets both through. */
function sharedNames(tls: readonly TlsEntry[]): string | undefined {
  const first = new Map<string, number>();
  const problems: string[] = [];
  for (const [i, { secretName }] of tls.entries()) {
    const before = first.get(secretName);
    if (before === undefined) first.set(secretName, i);
    else if (problems.length < 8)
      problems.push(
        `spec.tls[${before}].secretName: Invalid value: "${shown(secretName)}": this secret name must only appear in a single TLS entry but is also used in spec.tls[${i}].secretName`,
      );
  }
  return problems.length === 0 ? undefined : problems.join(', ');
}

function ofListeners(object: ShimObject, extraProtocols: readonly string[]): WantedSecrets {
  const ignored = new Set(object.annotations[ignoreTlsListeners]?.split(',').map((name) => name.trim()));
  const mentioned = new Set<string>();
  const book = new Book();
  for (const [i, listener] of object.listeners.entries()) {
    for (const { name } of listener.tls?.certificateRefs ?? []) mentioned.add(name);
    const carriesTls = ['HTTPS', 'TLS', ...extraProtocols].includes(listener.protocol);
    if (!carriesTls || listener.tls?.mode === 'Passthrough' || ignored.has(listener.name)) continue;
    const field = `spec.listeners[${i}]`;
    const names = listener.tls?.certificateRefs.map(({ name }) => name) ?? [];
    book.enter(field, 'listener', listenerProblems(listener, field, object.namespace), names, [
      listener.hostname,
    ]);
  }
  return { ...book.result(), mentioned };
}

function listenerProblems({ hostname, tls }: Listener, field: string, namespace: string): string[] {
  const problems: string[] = [];
  if (hostname === '') problems.push(`${field}.hostname: Required value: the hostname cannot be empty`);
  if (tls === undefined) return [...problems, `${field}.tls: Required value: the TLS block cannot be empty`];
  if (tls.certificateRefs.length === 0)
    problems.push(`${field}.tls.certificateRefs: Required value: listener has no certificateRefs`);
  for (const [j, ref] of tls.certificateRefs.entries())
    problems.push(...refProblems(ref, `${field}.tls.certificateRefs[${j}]`, namespace));
  if (tls.mode === '') problems.push(`${field}.tls.mode: Required value: the mode field is required`);
  else if (tls.mode !== 'Terminate')
    problems.push(
      `${field}.tls.mode: Unsupported value: "${shown(tls.mode)}": supported values: "Terminate"`,
    );
  return problems;
}

function refProblems(ref: CertificateRef, field: string, namespace: string): string[] {
  const problems: string[] = [];
  if (!['', 'core'].includes(ref.group ?? ''))
    problems.push(
      `${field}.group: Unsupported value: "${shown(ref.group ?? '')}": supported values: "core", ""`,
    );
  if (!['', 'Secret'].includes(ref.kind ?? ''))
    problems.push(
      `${field}.kind: Unsupported value: "${shown(ref.kind ?? '')}": supported values: "Secret", ""`,
    );
  if (ref.namespace !== undefined && ref.namespace !== '' && ref.namespace !== namespace)
    problems.push(
      `${field}.namespace: Invalid value: "${shown(ref.namespace)}": cross-namespace secret references are not allowed in listeners`,
    );
  return [...problems, ...nameProblems(ref.name, `${field}.name`)];
}

/** The Certificate is named like its Secret: what the server would refuse again and again is not sent to it. */
function nameProblems(name: string, field: string): string[] {
  if (name === '') return [`${field}: Required value: name the Secret that shall hold the certificate`];
  if (name.length <= 253 && subdomain.test(name)) return [];
  return [
    `${field}: Invalid value: "${shown(name)}": a Secret and its Certificate are named with lower case letters, digits, "-" and ".", at most 253 of them`,
  ];
}

function shown(text: string): string {
  return text.length <= mostShown ? text : `${text.slice(0, mostShown)}...`;
}

/** Collects entries; those beyond the limit are left out and counted. */
class Book {
  readonly #secrets = new Map<string, Set<string>>();
  readonly #skipped: string[] = [];
  #tooMany = 0;

  enter(
    field: string,
    what: string,
    problems: readonly string[],
    names: readonly string[],
    hosts: readonly string[],
  ): void {
    if (problems.length > 0) {
      this.#skipped.push(`Skipped a ${what}: ${problems.join(', ')}`);
      return;
    }
    for (const name of names) {
      const known = this.#secrets.get(name);
      if (known !== undefined) for (const host of hosts) known.add(host);
      else if (this.#secrets.size < mostCertificates) this.#secrets.set(name, new Set(hosts));
      else if (this.#tooMany++ === 0)
        this.#skipped.push(
          `Skipped everything from ${field} on: an object gets at most ${mostCertificates} Certificates; spread its entries over several objects`,
        );
    }
  }

  result(): Pick<WantedSecrets, 'secrets' | 'skipped'> {
    return {
      secrets: new Map([...this.#secrets].map(([name, hosts]) => [name, [...hosts]])),
      skipped: this.#skipped,
    };
  }
}
