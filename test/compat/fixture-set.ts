/** A folder of fixtures: what was applied (`applied.yaml`) and the lists of objects that stood there afterwards. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { parseAllDocuments } from 'yaml';
import type { CertificateRequest } from '../../src/api/certificate-request.ts';
import type { Certificate } from '../../src/api/certificate.ts';
import type { Event, Secret } from '../../src/api/core.ts';
import type { ClusterIssuer, Issuer } from '../../src/api/issuer.ts';
import type { KubeObject } from '../../src/api/meta.ts';
import { onCluster } from '../servers/api-under-test.ts';
import type { CompatWorld } from './compat-world.ts';

export interface FixtureSet {
  readonly name: string;
  readonly applied: readonly KubeObject[];
  readonly certificates: readonly Certificate[];
  readonly requests: readonly CertificateRequest[];
  readonly secrets: readonly Secret[];
  readonly issuers: readonly Issuer[];
  readonly clusterIssuers: readonly ClusterIssuer[];
  readonly events: readonly Event[];
  /** None where nothing is owned by one. */
  readonly ingresses: readonly KubeObject[];
}

const shared = path.resolve(import.meta.dirname, '../../../shared/fixtures/cert-manager-1.21');
const own = path.resolve(import.meta.dirname, '../fixtures/small');

/** Kinds that no controller of ours acts on. */
const leftOut: ReadonlySet<string> = new Set(['Ingress']);

export function readFixtures(name: string, folder: string): FixtureSet {
  const text = (file: string): string => readFileSync(path.join(folder, file), 'utf8');
  const list = (file: string): KubeObject[] => (JSON.parse(text(file)) as { items: KubeObject[] }).items;
  const applied = parseAllDocuments(text('applied.yaml')).map((one) => one.toJS() as KubeObject);
  return {
    name,
    applied: applied.filter(({ kind }) => !leftOut.has(kind ?? '')),
    certificates: list('certificates.json') as Certificate[],
    requests: list('certificaterequests.json') as CertificateRequest[],
    secrets: list('secrets.json'),
    issuers: list('issuers.json') as Issuer[],
    clusterIssuers: list('clusterissuers.json') as ClusterIssuer[],
    events: list('events.json') as Event[],
    ingresses: existsSync(path.join(folder, 'ingresses.json')) ? list('ingresses.json') : [],
  };
}

/** What cert-manager 1.21 left behind; undefined, and said so, in a checkout that has it not beside it. */
export function certManagerFixtures(context: TestContext): FixtureSet | undefined {
  if (existsSync(shared)) return readFixtures('cert-manager-1.21', shared);
  context.diagnostic('left out: the shared fixtures of cert-manager 1.21 are not beside this repository');
  return undefined;
}

/** Ours: short, in the same shape, made by `test/fixtures/generate.ts`. */
export function ownFixtures(): FixtureSet {
  return readFixtures('small', own);
}

/** The objects without those that stand there because of an Ingress, whose controller is another matter. */
export function withoutIngress(set: FixtureSet): { objects: KubeObject[]; events: Event[] } {
  const owners = ({ metadata }: KubeObject): string[] =>
    metadata?.ownerReferences?.map(({ kind, name }) => `${kind} ${name}`) ?? [];
  const made = new Set(
    set.certificates
      .filter((one) => owners(one).some((owner) => owner.startsWith('Ingress ')))
      .map(({ metadata }) => metadata?.name),
  );
  const concerns = ({ metadata }: KubeObject): boolean =>
    made.has(metadata?.name) || made.has(metadata?.annotations?.['cert-manager.io/certificate-name']);
  const all: KubeObject[] = [
    ...set.certificates,
    ...set.requests,
    ...set.secrets,
    ...set.issuers,
    ...set.clusterIssuers,
  ];
  const gone = new Set(all.filter(concerns).map(({ metadata }) => metadata?.name));
  const about = ({ involvedObject: { kind, name } }: Event): boolean => kind !== 'Ingress' && !gone.has(name);
  return { objects: all.filter((one) => !concerns(one)), events: set.events.filter(about) };
}

/** Shortly after the last thing that happened in the fixtures. Milliseconds. */
export function afterwards({ events, secrets, certificates }: FixtureSet): number {
  const stamps = [
    ...events.map((event) => event.lastTimestamp ?? undefined),
    ...[...secrets, ...certificates].map(({ metadata }) => metadata?.creationTimestamp),
  ];
  return (
    Math.max(...stamps.filter((stamp) => stamp !== undefined).map((stamp) => Date.parse(stamp))) + 30_000
  );
}

/**
 * Gives a world what stands in the set. Answers the set as it is there: a server that gives uids of its own is followed.
 * Owners and what they own travel together.
 */
export async function restoreInto(world: CompatWorld, set: FixtureSet): Promise<FixtureSet> {
  const { clusterIssuers, issuers, secrets, certificates, requests, events } = set;
  const parts = { clusterIssuers, issuers, secrets, certificates, requests };
  // The real server forgets events by its own clock.
  const told = onCluster ? [] : events;
  const uids = await world.load([...set.ingresses, ...Object.values(parts).flat(), ...told]);
  const here = <T extends KubeObject>(objects: readonly T[]): T[] =>
    objects.map((one) => {
      const uid = uids.get(one.metadata?.uid ?? '') ?? one.metadata?.uid;
      return { ...one, metadata: { ...one.metadata, uid } };
    });
  return {
    ...set,
    clusterIssuers: here(clusterIssuers),
    issuers: here(issuers),
    secrets: here(secrets),
    certificates: here(certificates),
    requests: here(requests),
  };
}

export function idOf({ kind, metadata }: KubeObject): string {
  return [kind, metadata?.namespace, metadata?.name].filter((part) => part !== undefined).join('/');
}
