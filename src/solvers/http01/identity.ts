/** How the objects of a solver are recognised: names, labels and owner (spec/acme.md §8.2), the same that cert-manager gives them. */
import { isIP } from 'node:net';
import type { Challenge } from '../../api/challenge.ts';
import { http01Domain, http01Solver, http01Token } from '../../api/labels.ts';
import type { ObjectMeta, OwnerReference } from '../../api/meta.ts';

export const generateName = 'cm-acme-http-solver-';
/** Of the Service, and of the solver Pod. */
export const solverPort = 8089;
export const portName = 'http';
export const fieldManager = 'cert-manager-challenges';

/** RFC 8555 §8.3. */
export function challengePath(token: string): string {
  return `/.well-known/acme-challenge/${token}`;
}

/** RFC 1950 §8.2, as an unsigned number. */
export function adler32(text: string): number {
  let a = 1;
  let b = 0;
  for (const byte of Buffer.from(text)) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  return b * 65_536 + a;
}

/** The three labels by which everything of a Challenge is found. */
export function identityLabels({ spec }: Challenge): Record<string, string> {
  return {
    [http01Domain]: String(adler32(spec.dnsName)),
    [http01Token]: String(adler32(spec.token)),
    [http01Solver]: 'true',
  };
}

/**
 * Labels of one object. Neither the flag nor a template can change the three that identify it: in cert-manager a
 * template can, and its own objects are then not found again.
 */
export function labelsOf(
  challenge: Challenge,
  ...more: readonly (Readonly<Record<string, string>> | undefined)[]
): Record<string, string> {
  return Object.assign({}, ...more, identityLabels(challenge)) as Record<string, string>;
}

/** Garbage collection takes what is left when the Challenge goes. */
export function ownedBy(challenge: Challenge): OwnerReference {
  const { name = '', uid = '' } = challenge.metadata ?? {};
  return {
    apiVersion: 'acme.cert-manager.io/v1',
    kind: 'Challenge',
    name,
    uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

export function metadataOf(
  challenge: Challenge,
  labels: Record<string, string>,
  annotations: Record<string, string> = {},
): ObjectMeta {
  return {
    generateName,
    namespace: challenge.metadata?.namespace ?? '',
    labels,
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    ownerReferences: [ownedBy(challenge)],
  };
}

/** RFC 8738: routes have no host for these. */
export function isAddress(challenge: Challenge): boolean {
  return isIP(challenge.spec.dnsName) !== 0;
}

/** As it stands in a URL and in the Host header. */
export function urlHost(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}
