/** An external issuer: signs the CertificateRequests that name its group, and says so in their status. */
import { parseDuration } from '../../src/api/duration.ts';
import { openApi, type Api } from './api.ts';
import { SampleCa, type Signed } from './sample-ca.ts';

const group = 'issuers.example.com';
const everySecond = 1_000;

interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
}

interface Request {
  metadata: { namespace: string; name: string; resourceVersion: string };
  spec: {
    issuerRef: { name: string; kind?: string; group?: string };
    request: string;
    usages?: string[];
    /** As Go writes it, `2160h0m0s`; absent: 90 days. */
    duration?: string;
  };
  status?: { conditions?: Condition[] };
}

/** One pass over all requests. Safe to run at any time and as often as you like: everything it knows is in the API. */
async function signWhatWaits(api: Api, ca: SampleCa): Promise<void> {
  const { items } = await api.get<{ items: Request[] }>('/apis/cert-manager.io/v1/certificaterequests');
  for (const request of items) {
    const conditions = request.status?.conditions ?? [];
    const is = (type: string): boolean =>
      conditions.some((one) => one.type === type && one.status === 'True');
    const finished = conditions.some(
      ({ type, reason = '' }) => type === 'Ready' && ['Issued', 'Failed', 'Denied'].includes(reason),
    );
    // 1. Only ours, 2. never before it is approved, 3. never twice.
    if (request.spec.issuerRef.group !== group || !is('Approved') || is('Denied') || finished) continue;
    await answer(api, request, await attempt(ca, request));
  }
}

type Outcome = { issued: Signed } | { failed: string };

async function attempt(ca: SampleCa, request: Request): Promise<Outcome> {
  try {
    const csr = Buffer.from(request.spec.request, 'base64').toString();
    return {
      issued: await ca.sign(csr, {
        usages: request.spec.usages,
        durationMs: request.spec.duration === undefined ? undefined : parseDuration(request.spec.duration),
        now: Date.now(),
      }),
    };
  } catch (error) {
    // For good: the controller makes a new request later. A CA that is busy would be Ready=False, reason Pending.
    return { failed: error instanceof Error ? error.message : String(error) };
  }
}

async function answer(api: Api, request: Request, outcome: Outcome): Promise<void> {
  const { namespace, name, resourceVersion } = request.metadata;
  const now = `${new Date().toISOString().slice(0, 19)}Z`;
  const ready: Condition =
    'issued' in outcome
      ? { type: 'Ready', status: 'True', reason: 'Issued', message: 'signed by the sample CA' }
      : { type: 'Ready', status: 'False', reason: 'Failed', message: outcome.failed };
  const others = request.status?.conditions?.filter(({ type }) => type !== 'Ready') ?? [];
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  // The resourceVersion makes the patch fail if somebody changed the request meanwhile; the next pass looks again.
  await api.mergePatch(
    `/apis/cert-manager.io/v1/namespaces/${namespace}/certificaterequests/${name}/status`,
    {
      metadata: { resourceVersion },
      status: {
        conditions: [...others, { ...ready, lastTransitionTime: now }],
        ...('issued' in outcome
          ? { certificate: base64(outcome.issued.certificate), ca: base64(outcome.issued.ca) }
          : { failureTime: now }),
      },
    },
  );
  console.log(`${namespace}/${name}: ${ready.reason}`);
}

const kubeconfig = process.argv[2] ?? process.env['KUBECONFIG'];
if (kubeconfig === undefined) throw new Error('usage: node main.ts KUBECONFIG');
const api = openApi(kubeconfig);
const ca = await SampleCa.create('Sample CA', Date.now());
for (;;) {
  await signWhatWaits(api, ca).catch((error: unknown) => console.error(String(error)));
  await new Promise((resolve) => setTimeout(resolve, everySecond));
}
