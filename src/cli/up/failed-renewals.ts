/** Certificates that are Ready and will not be for ever: their renewal has failed, or is long due (lifecycle §20). */
import type { Certificate } from '../../api/certificate.ts';
import type { KubeClient } from '../../kube/client.ts';
import { conditionOf, judge } from '../acme/status/judge.ts';
import { readChain } from '../acme/status/read-chain.ts';
import type { Problem } from './problem.ts';
import { isReady } from './summary.ts';
import { timeUntil } from './table.ts';

/** Each is a few reads; of the others there is the number. */
const mostNamed = 20;
/** A renewal that takes longer waits for something. */
const overdueMs = 3_600_000;

/**
 * One problem for each, those that end first in front: what failed, when it goes on, what to do. They do not make anything
 * unready: what is in the Secret works until it ends.
 */
export async function failedRenewals(
  client: Pick<KubeClient, 'get' | 'list'>,
  certificates: Iterable<Certificate>,
  explain: (key: string) => Promise<{ message: string } | undefined>,
  now: number,
): Promise<Problem[]> {
  const troubled = [...certificates].filter((certificate) => isTroubled(certificate, now));
  const ordered = troubled.toSorted((a, b) => endOf(a) - endOf(b));
  const problems: Problem[] = [];
  for (const certificate of ordered.slice(0, mostNamed)) {
    const { namespace = '', name = '' } = certificate.metadata ?? {};
    const chain = await readChain(client, namespace, name);
    if (chain === undefined) continue;
    const { cause = '', remedy, nextAttemptAt } = judge(chain);
    const plan = (await explain(`${namespace}/${name}`))?.message ?? '';
    const parts = [
      `${stateOf(certificate, now)}: ${cause}`,
      nextAttemptAt === undefined ? (cause.includes(plan) ? '' : plan) : `it goes on at ${nextAttemptAt}`,
      remedy ??
        `correct what the message names, then: certwright acme renew ${name} --namespace ${namespace}`,
    ];
    problems.push({
      object: `Certificate ${namespace}/${name}`,
      message: parts.filter((part) => part !== '').join('; '),
    });
  }
  const more = ordered.length - problems.length;
  if (more > 0 && ordered.length > mostNamed)
    problems.push({
      message: `${more} more Certificates are valid, and their renewals have failed or are late`,
    });
  return problems;
}

function isTroubled(certificate: Certificate, now: number): boolean {
  if (!isReady(certificate)) return false;
  const { lastFailureTime, renewalTime, conditions } = certificate.status ?? {};
  if (lastFailureTime !== undefined) return true;
  const isIssuing = conditionOf(conditions, 'Issuing')?.status === 'True';
  return isIssuing && Date.parse(renewalTime ?? '') + overdueMs < now;
}

function stateOf({ status }: Certificate, now: number): string {
  const { notAfter, lastFailureTime, failedIssuanceAttempts = 1, renewalTime } = status ?? {};
  const until = notAfter === undefined ? 'is valid' : `is valid for ${timeUntil(notAfter, now)} more`;
  if (lastFailureTime === undefined) return `${until}, but its renewal of ${renewalTime} is not done`;
  const times = failedIssuanceAttempts > 1 ? ` ${failedIssuanceAttempts} times, last` : '';
  return `${until}, but its renewal failed${times} at ${lastFailureTime}`;
}

function endOf({ status }: Certificate): number {
  const end = Date.parse(status?.notAfter ?? '');
  return Number.isNaN(end) ? Number.POSITIVE_INFINITY : end;
}
