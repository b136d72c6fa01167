/** Ends a change of the account key whose beginner is gone, before anything is signed with the wrong one. */
import { AcmeError } from '../../acme/errors.ts';
import type { Secret } from '../../api/core.ts';
import { issuerReasons } from '../../api/reasons.ts';
import type { IssuerContext } from '../issuer.ts';
import { accountKeyReference } from './account-key.ts';
import { describeRefusal, retryTime } from './ca-refusal.ts';
import {
  abandonRollover,
  finishRollover,
  hasTaken,
  isUnderWay,
  pendingKeyIn,
  rolloverPatienceMs,
} from './key-rollover.ts';
import { no, NotReady } from './not-ready.ts';
import type { AcmeSurroundings } from './surroundings.ts';

/**
 * The Secret as it is to be read: as it was where no change is under way.
 * @throws NotReady while nobody knows which key counts; an issuer that was Ready stays so, and its Orders wait
 */
export async function settleRollover(
  context: IssuerContext,
  acme: AcmeSurroundings,
  secret: Secret,
): Promise<Secret> {
  const { issuer } = context;
  const { entry } = accountKeyReference(issuer);
  const pending = pendingKeyIn(secret, entry);
  if (pending === undefined) return secret;
  const { namespace = '', name = '' } = secret.metadata ?? {};
  const now = context.now().getTime();
  const wait = (why: string, recheckAt: number): NotReady => {
    const { conditions, acme: account } = issuer.status ?? {};
    const ready = conditions?.find(({ type }) => type === 'Ready');
    if (ready?.status === 'True' && account !== undefined) {
      const { reason = '', message = '' } = ready;
      return new NotReady({ ready: true, reason, message, retry: false, recheckAt, acme: account });
    }
    const message = `Failed to verify ACME account: the account key in secret ${namespace}/${name} is being changed: ${why}`;
    return no(issuerReasons.errVerifyAcmeAccount, message, { recheckAt });
  };
  if (isUnderWay(pending, now) || acme.changeSecret === undefined)
    throw wait('certwright acme account rollover is at it', (pending.since ?? now) + rolloverPatienceMs);
  const isTaken = pending.key !== undefined && (await ask(acme, issuer, pending.key, wait, now));
  const change = isTaken ? finishRollover(secret, entry) : abandonRollover(secret, entry);
  return acme.changeSecret({ namespace, name }, change);
}

async function ask(
  { accounts }: AcmeSurroundings,
  issuer: IssuerContext['issuer'],
  key: Parameters<AcmeSurroundings['accounts']['open']>[1],
  wait: (why: string, recheckAt: number) => NotReady,
  now: number,
): Promise<boolean> {
  let client;
  try {
    client = accounts.open(issuer, key);
    return await hasTaken(client);
  } catch (error) {
    if (!(error instanceof AcmeError)) throw error;
    throw wait(
      `the CA does not say whether it has taken the next key: ${describeRefusal(error)}`,
      retryTime(error, now, 60_000),
    );
  } finally {
    await client?.close();
  }
}
