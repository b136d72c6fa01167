/** Asks the API server whether a user may do something, and remembers the answer for a second (spec §17). */
import type { Authorize } from '../../api/admission.ts';
import type { Clock } from '../../kube/clock.ts';
import { KubeError } from '../../kube/errors.ts';
import type { Transport } from '../../kube/transport.ts';
import type { Log } from '../../controllers/context.ts';

const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
const cachedMs = 1_000;
const mostCached = 1_000;
/** Sooner than the API server gives the webhook up. */
const patienceMs = 10_000;

/** An error counts as no, and is logged. */
export function createAuthorizer(transport: Transport, clock: Clock, log: Log): Authorize {
  const answers = new Map<string, { until: number; allowed: Promise<boolean> }>();

  const ask = async (spec: object): Promise<boolean> => {
    try {
      const { body } = await transport.request({
        method: 'POST',
        path,
        body: JSON.stringify({ apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec }),
        // It writes nothing.
        idempotent: true,
        signal: AbortSignal.timeout(patienceMs),
      });
      const { status } = JSON.parse(body.toString('utf8')) as { status?: { allowed?: unknown } };
      return status?.allowed === true;
    } catch (error) {
      if (!(error instanceof KubeError) && !(error instanceof SyntaxError) && !isTimeout(error)) throw error;
      log.warn({ err: error }, 'the API server did not say whether an approval is allowed: it is refused');
      return false;
    }
  };

  return ({ user, verb, group, resource, namespace, name }) => {
    const { username, uid, groups, extra } = user;
    const resourceAttributes = { verb, group, version: '*', resource, namespace, name };
    const spec = { user: username, uid, groups, extra, resourceAttributes };
    const key = JSON.stringify(spec);
    const now = clock.now();
    const known = answers.get(key);
    if (known !== undefined && now < known.until) return known.allowed;
    for (const [old, { until }] of answers)
      if (now >= until || answers.size >= mostCached) answers.delete(old);
    const allowed = ask(spec);
    answers.set(key, { until: now + cachedMs, allowed });
    return allowed;
  };
}

function isTimeout(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'TimeoutError';
}
