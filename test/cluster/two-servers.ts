/** The same request to the real kube-apiserver and to the embedded server, both with our definitions, nothing in between. */
import { request, type Dispatcher } from 'undici';
import { createAdmission } from '../../src/admission/create-admission.ts';
import { crds } from '../../src/api/crds.ts';
import { systemClock } from '../../src/kube/clock.ts';
import { connect, endpointOf } from '../../src/kube/connect.ts';
import { nodeHost } from '../../src/kube/host.ts';
import { loadKubeContext } from '../../src/kube/kubeconfig.ts';
import { createServer } from '../../src/standalone/server.ts';
import { clusterKubeconfig } from './kubectl.ts';
import { until } from './until.ts';

export interface Ask {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** From the root of the API; `{ns}` is the case's own namespace. */
  readonly path: string;
  readonly body?: unknown;
  /** Default `application/json`. */
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Asked again until the answer has this status: for what a controller does on its own time. */
  readonly until?: number;
  /** Sent one after the other while a watch is open, from when its answer has begun. Only their effect is compared. */
  readonly during?: readonly Ask[];
}

export interface Answered {
  readonly status: number;
  readonly type: string;
  readonly warnings: readonly string[];
  /** JSON where it is JSON, each line of it in a list for a watch, else the text. */
  readonly body: unknown;
}

export type Side = (ask: Ask) => Promise<Answered>;

export interface TwoServers {
  readonly real: Side;
  readonly ours: Side;
  close(): Promise<void>;
}

export async function openTwoServers(file = clusterKubeconfig()): Promise<TwoServers> {
  const host = nodeHost({}, '/');
  const endpoint = endpointOf(await loadKubeContext(host, { file }), host, systemClock);
  const connection = await connect(endpoint, { clock: systemClock, random: Math.random });
  const embedded = await createServer({ dataDir: ':memory:', crds, admission: createAdmission() });
  const real = side(connection.dispatcher, endpoint.server);
  await installDefinitions(real);
  return {
    real,
    ours: side(embedded.dispatcher(), 'http://in-process'),
    async close() {
      await Promise.all([connection.close(), embedded.close()]);
    },
  };
}

/** Server-side applies our definitions and waits until each is Established. */
export async function installDefinitions(real: Side): Promise<void> {
  for (const definition of crds) {
    const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${definition.metadata?.name}`;
    const applied = await real({
      method: 'PATCH',
      path: `${path}?fieldManager=certwright-test&force=true`,
      type: 'application/apply-patch+yaml',
      body: definition,
    });
    if (applied.status > 201) throw new Error(`${path}: ${JSON.stringify(applied.body)}`);
    const limit = performance.now() + 30_000;
    while (!(await isEstablished(real, path)))
      if (performance.now() > limit) throw new Error(`${definition.metadata?.name} is not Established`);
  }
}

/** Each question takes a round trip, which is pause enough. */
async function isEstablished(real: Side, path: string): Promise<boolean> {
  const { body } = await real({ method: 'GET', path });
  const { status } = body as { status?: { conditions?: { type: string; status: string }[] } };
  return status?.conditions?.some((each) => each.type === 'Established' && each.status === 'True') ?? false;
}

function side(dispatcher: Dispatcher, origin: string): Side {
  const once: Side = async (ask) => {
    const response = await request(origin + ask.path, {
      dispatcher,
      method: ask.method,
      headers: {
        accept: 'application/json',
        'user-agent': 'differential/1.0',
        ...(ask.body === undefined ? {} : { 'content-type': ask.type ?? 'application/json' }),
        ...ask.headers,
      },
      ...(ask.body === undefined
        ? {}
        : { body: typeof ask.body === 'string' ? ask.body : JSON.stringify(ask.body) }),
    });
    const answer = response.body.text();
    for (const next of ask.during ?? []) await once(next);
    const text = await answer;
    const warning = response.headers['warning'] ?? [];
    return {
      status: response.statusCode,
      type: String(response.headers['content-type'] ?? ''),
      warnings: typeof warning === 'string' ? [warning] : warning,
      body: parse(text, /[?&]watch=(?:true|1)/u.test(ask.path) && response.statusCode === 200),
    };
  };
  return async (ask) => {
    let answered = await once(ask);
    if (ask.until !== undefined)
      await until(`${ask.method} ${ask.path} is answered with ${ask.until}`, async () => {
        if (answered.status !== ask.until) answered = await once(ask);
        return answered.status === ask.until;
      });
    return answered;
  };
}

function parse(text: string, lines: boolean): unknown {
  if (lines)
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line): unknown => JSON.parse(line));
  return text.startsWith('{') ? (JSON.parse(text) as unknown) : text;
}
