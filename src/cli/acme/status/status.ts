/** `certwright acme status`: one chain of causes from a Certificate to what its CA, or a self-check, has said. */
import { exitCodes } from '../../errors.ts';
import type { Surroundings } from '../../program.ts';
import { dueIn } from '../../up/table.ts';
import type { Cluster } from '../operator/cluster.ts';
import { failed } from '../operator/find-issuer.ts';
import { aligned, print, type AnswerFormat } from '../operator/print.ts';
import { challengeTitle, conditionOf, isBeingRemoved, judge, oneLine, type Verdict } from './judge.ts';
import { readChain, type Chain } from './read-chain.ts';

/** Exit code 1: it is not Ready. */
export async function certificateStatus(
  cluster: Cluster,
  name: string,
  format: AnswerFormat,
  out: Surroundings['out'],
): Promise<number> {
  const { client, namespace, clock } = cluster;
  const chain = await readChain(client, namespace, name);
  if (chain === undefined)
    throw failed(`there is no Certificate ${namespace}/${name} (--namespace chooses another namespace)`);
  const verdict = judge(chain);
  print(out, format, factsOf(chain, verdict), renderStatus(chain, verdict, clock.now()));
  return verdict.ready ? exitCodes.ok : exitCodes.failed;
}

/** Most Challenges of one Order that people are shown; JSON and YAML have all of them. */
const mostShown = 10;

/** Exported for tests. */
export function renderStatus(chain: Chain, verdict: Verdict, now: number): string {
  const { certificate, issuer, request, order, challenges } = chain;
  const ready = conditionOf(certificate.status?.conditions, 'Ready');
  const { notAfter, renewalTime, lastFailureTime } = certificate.status ?? {};
  const failure = verdict.ready && verdict.cause !== undefined && lastFailureTime !== undefined;
  const signer = request?.spec.issuerRef ?? certificate.spec.issuerRef;
  const own = conditionOf(issuer?.status?.conditions, 'Ready');
  const said = conditionOf(request?.status?.conditions, 'Ready');
  const validity = [
    ...(notAfter === undefined ? [] : [`valid until ${notAfter}`]),
    ...(renewalTime === undefined ? [] : [`renews ${renewalTime} (${dueIn(renewalTime, now)})`]),
  ].join(', ');
  const wanted = challenges.filter((challenge) => !isBeingRemoved(challenge));
  const proven = wanted.filter(({ status }) => status?.state === 'valid').length;
  const lines = aligned([
    [
      'Certificate',
      `${titleOf(certificate)}: ${ready?.status === 'True' ? `Ready${failure ? `, but its renewal failed at ${lastFailureTime}` : ''}` : `not Ready: ${ready?.reason ?? 'not looked at yet'}`}${validity === '' ? '' : `, ${validity}`}`,
    ],
    [
      'Issuer',
      `${signer.kind ?? 'Issuer'} ${signer.name}: ${own === undefined ? (issuer === undefined ? 'not there' : 'not checked yet') : own.status === 'True' ? 'Ready' : `not Ready: ${own.reason ?? ''}`}`,
    ],
    [
      'Request',
      request === undefined ? undefined : `${titleOf(request)}: ${said?.reason ?? 'not answered yet'}`,
    ],
    [
      'Order',
      order === undefined
        ? undefined
        : `${titleOf(order)}: ${order.status?.state ?? 'new'}${wanted.length === 0 ? '' : `, ${proven} of ${wanted.length} open names proven`}`,
    ],
  ]);
  const open = challenges.filter(({ status }) => status?.state !== 'valid');
  const shown = open.slice(0, mostShown).map((challenge) => {
    const state = isBeingRemoved(challenge) ? 'is being removed' : challenge.status?.state;
    const { checks = [] } = challenge.status ?? {};
    const reason = oneLine(challenge.status?.reason ?? '');
    // The one that is to blame says it below, as the cause.
    const isCause = verdict.at === challengeTitle(challenge) && verdict.cause === reason;
    const views = checks.map(
      ({ view, passed, trusted, answer, checkedAt }) =>
        `    ${passed ? 'seen' : 'NOT SEEN'} at ${view}${trusted === false ? ' (does not count)' : ''}: ${oneLine(answer)} (${checkedAt})\n`,
    );
    return `  ${challengeTitle(challenge)}: ${state ?? 'new'}${reason === '' || isCause ? '' : `: ${reason}`}\n${views.join('')}`;
  });
  const more = open.length > mostShown ? `  ... and ${open.length - mostShown} more\n` : '';
  const next =
    verdict.nextAttemptAt === undefined
      ? undefined
      : `${verdict.nextAttemptAt} (${dueIn(verdict.nextAttemptAt, now)})`;
  const end =
    verdict.cause === undefined
      ? ''
      : `\n${aligned([
          ['Cause', `${verdict.at}: ${verdict.cause}`],
          ['Next attempt', next],
          ['Remedy', verdict.remedy],
        ])}`;
  return `${lines}${shown.join('')}${more}${end}`;
}

function factsOf({ certificate, issuer, request, order, challenges }: Chain, verdict: Verdict): object {
  return {
    ...verdict,
    certificate: titleOf(certificate),
    notAfter: certificate.status?.notAfter,
    renewalTime: certificate.status?.renewalTime,
    issuer: {
      ...(request?.spec.issuerRef ?? certificate.spec.issuerRef),
      ready: conditionOf(issuer?.status?.conditions, 'Ready')?.status === 'True',
    },
    ...(request === undefined ? {} : { request: titleOf(request) }),
    ...(order === undefined
      ? {}
      : {
          order: {
            name: titleOf(order),
            state: order.status?.state,
            reason: order.status?.reason,
            problem: order.status?.problem,
            nextAttemptAt: order.status?.nextAttemptAt,
          },
        }),
    challenges: challenges.map(({ metadata, spec, status }) => ({
      name: `${metadata?.namespace}/${metadata?.name}`,
      dnsName: spec.dnsName,
      type: spec.type,
      state: status?.state,
      reason: status?.reason,
      nextAttemptAt: status?.nextAttemptAt,
      checks: status?.checks,
    })),
  };
}

function titleOf({ metadata }: { metadata?: { namespace?: string; name?: string } }): string {
  return `${metadata?.namespace}/${metadata?.name}`;
}
