/** Plays the tables of src/admission/testing as requests to the real API server: what each row says must come true. */
import type { AdmissionCase } from '../../src/admission/testing/admission-case.ts';
import {
  apiVersionOf,
  certificateRequests,
  certificates,
  challenges,
  clusterIssuers,
  issuers,
  orders,
  type ResourceType,
} from '../../src/api/resources.ts';
import type { Answered, Side } from './two-servers.ts';

export const namespace = 'admission-tables';

interface Stored {
  metadata: Record<string, unknown>;
  spec?: Record<string, unknown>;
  status?: unknown;
}

const resources = [certificates, certificateRequests, issuers, clusterIssuers, orders, challenges];

export function resourceOf(kind: string): ResourceType {
  const found = resources.find((resource) => resource.kind === kind);
  if (found === undefined) throw new Error(`no resource for ${kind}`);
  return found;
}

export function pathOf(type: ResourceType, name = ''): string {
  const scope = type.namespaced ? `/namespaces/${namespace}` : '';
  return `/apis/${apiVersionOf(type)}${scope}/${type.plural}${name === '' ? '' : `/${name}`}`;
}

/** What was said: the verdict, and the text of a refusal. */
export interface Verdict {
  admitted: boolean;
  status: number;
  message: string;
}

export class AdmissionPlayer {
  readonly #server: Side;

  constructor(server: Side) {
    this.#server = server;
  }

  /** Creations are dry runs; for an update the old object is put in place first. */
  async play(each: AdmissionCase): Promise<Verdict> {
    return each.oldObject === undefined
      ? verdictOf(await this.#create(each.kind, each.object, '?dryRun=All'))
      : this.#update(each, each.oldObject);
  }

  async #create(kind: string, given: unknown, query = ''): Promise<Answered> {
    const type = resourceOf(kind);
    return this.#server({
      method: 'POST',
      path: `${pathOf(type)}${query}`,
      body: complete(type, given, ''),
    });
  }

  async #update({ kind, object, oldObject, subresource }: AdmissionCase, old: unknown): Promise<Verdict> {
    const type = resourceOf(kind);
    const created = await this.#create(kind, old);
    if (created.status !== 201) throw new Error(`the old object is refused: ${JSON.stringify(created.body)}`);
    let stored = created.body as Stored;
    const path = pathOf(type, String(stored.metadata['name']));
    const { status: oldStatus } = old as Stored;
    if (oldStatus !== undefined) {
      const seeded = await this.#server({
        method: 'PUT',
        path: `${path}/status`,
        body: { ...stored, status: oldStatus },
      });
      if (seeded.status !== 200) throw new Error(`the old status is refused: ${JSON.stringify(seeded.body)}`);
      stored = seeded.body as Stored;
    }
    const after = object as Stored;
    const now = complete(type, after, String(stored.metadata['name'])) as unknown as Stored;
    const before = complete(type, oldObject, '') as unknown as Stored;
    const annotations = after.metadata?.['annotations'];
    const body = {
      ...now,
      metadata: { ...stored.metadata, ...(annotations === undefined ? {} : { annotations }) },
      spec: withIdentity(now.spec ?? {}, before.spec ?? {}, stored.spec ?? {}),
      status: after.status,
    };
    // A write to one half drops the other: the half that the case is about decides.
    const specChanges = JSON.stringify(now.spec) !== JSON.stringify(before.spec);
    const statusChanges = JSON.stringify(after.status) !== JSON.stringify(oldStatus);
    const half = !specChanges && (statusChanges || subresource === 'status') ? '/status' : '';
    const answer = await this.#server({ method: 'PUT', path: `${path}${half}?dryRun=All`, body });
    return verdictOf(answer);
  }

  /** Policies and webhooks take effect some time after they are written: waits until each kind is looked at. */
  async untilInForce(): Promise<void> {
    const specs: Record<string, object> = {
      Certificate: { secretName: 'A', issuerRef, dnsNames: ['a'] },
      Issuer: { ca: { secretName: '' } },
      CertificateRequest: { issuerRef, request: 'AAAA' },
    };
    for (const [kind, spec] of Object.entries(specs))
      await this.#until(async () => !verdictOf(await this.#create(kind, { spec }, '?dryRun=All')).admitted);
    const before = { metadata: {}, spec: { request: 'AAAA' } };
    for (const kind of ['Order', 'Challenge'])
      await this.#until(async () => {
        const object = { spec: { request: 'BBBB', token: 'other' } };
        const each = { group: '', title: '', expected: [], kind, object, oldObject: before };
        return !(await this.play(each)).admitted;
      });
  }

  /** Each question takes a round trip, which is pause enough. */
  async #until(condition: () => Promise<boolean>): Promise<void> {
    const limit = performance.now() + 30_000;
    while (!(await condition())) if (performance.now() > limit) throw new Error('admission is not in force');
  }
}

export function verdictOf(answer: Answered): Verdict {
  const { message = '' } = answer.body as { message?: string };
  const admitted = answer.status >= 200 && answer.status < 300;
  return { admitted, status: answer.status, message: admitted ? '' : message };
}

/** The identity is the API server's: what the case leaves as it was stands for what is stored. */
function withIdentity(
  now: Record<string, unknown>,
  before: Record<string, unknown>,
  stored: Record<string, unknown>,
): Record<string, unknown> {
  const spec = { ...now };
  for (const field of ['username', 'uid', 'groups', 'extra']) {
    const same = JSON.stringify(now[field] ?? '') === JSON.stringify(before[field] ?? '');
    if (same && stored[field] !== undefined) spec[field] = stored[field];
    else if (same) delete spec[field];
  }
  return spec;
}

const issuerRef = { name: 'x' };
/** What the schema demands and the tables leave out, because the rules do not look at it. */
const demanded: Readonly<Record<string, object>> = {
  Order: { request: 'AAAA', issuerRef },
  Challenge: {
    authorizationURL: 'u',
    dnsName: 'a',
    issuerRef,
    key: 'k',
    solver: {},
    token: 't',
    type: 'HTTP-01',
    url: 'u',
  },
};

function complete(type: ResourceType, given: unknown, name: string): Record<string, unknown> {
  const { metadata, spec, ...rest } = given as Partial<Stored>;
  const base = demanded[type.kind];
  return {
    ...rest,
    apiVersion: apiVersionOf(type),
    kind: type.kind,
    metadata: {
      ...metadata,
      ...(name === '' ? { name: undefined, generateName: 'case-' } : { name }),
      ...(type.namespaced ? { namespace } : {}),
    },
    ...(spec === undefined && base === undefined ? {} : { spec: { ...base, ...spec } }),
  };
}
