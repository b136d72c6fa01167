/** What an issuance waits for, in the conditions: `kubectl get` and `describe` of the Certificate are where people look first. */
import type { CertificateStatus } from '../../api/certificate.ts';
import { boundedText } from '../bounded-text.ts';
import { ownGroup } from './constants.ts';
import { effectiveRef } from './issuer-match.ts';
import type { Situation } from './situation.ts';
import { conditionOf, withCondition } from './status.ts';

/** Between what has to be done and what it waits for. */
const mark = '. Waiting: ';

/** An issuer of ours that is there answers at once; what others do, a CA too, may take its time and costs no write. */
const ownPatienceMs = 3_000;
const externalPatienceMs = 30_000;

/**
 * The status with the cause in the Issuing condition, and in Ready while that is False; reasons stay what they are.
 * Before it has lasted for a while in the life of this process: the texts as they are, and when to look again.
 */
export function tellCause(
  found: Situation,
  cause: string,
): { status: CertificateStatus; recheckAt?: number } {
  const { facts, nowMs } = found;
  const { certificate } = facts;
  const ref = effectiveRef(certificate.spec.issuerRef);
  const patienceMs = ref.group === ownGroup && !isAtCa(found) ? ownPatienceMs : externalPatienceMs;
  // A beginning in the future is none: the clock was set back.
  const recheckAt = Math.min(facts.waitingSinceMs ?? nowMs, nowMs) + patienceMs;
  if (nowMs < recheckAt) return { status: withOldText(found), recheckAt };
  let { status } = found;
  for (const type of ['Issuing', 'Ready']) {
    const condition = conditionOf(status, type);
    if (condition === undefined || (type === 'Ready' && condition.status === 'True')) continue;
    const [task = ''] = (condition.message ?? '').split(mark, 1);
    const message = boundedText(`${task}${mark}${cause}`);
    status = withCondition(certificate, status, { ...condition, message }, nowMs);
  }
  return { status };
}

/** Its order is under way, and nothing is wrong with it. */
function isAtCa({ facts, next }: Situation): boolean {
  const holds = next.map(({ uid }) => facts.holds?.get(uid));
  return holds.some((hold) => hold !== undefined && hold.until === undefined && (hold.reason ?? '') === '');
}

/** A text of an earlier process is not taken back, only to be written again a moment later. */
function withOldText(found: Situation): CertificateStatus {
  const { certificate } = found.facts;
  const old = conditionOf(certificate.status, 'Ready');
  const now = conditionOf(found.status, 'Ready');
  if (old === undefined || now?.status !== 'False') return found.status;
  if (old.status !== now.status || old.reason !== now.reason) return found.status;
  return withCondition(certificate, found.status, { ...now, message: old.message }, found.nowMs);
}
