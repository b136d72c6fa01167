/** `certwright acme account deactivate`: closes an account for good (RFC 8555 §7.3.6). */
import { accountDeactivated } from '../../../api/annotations.ts';
import { AcmeError } from '../../../acme/errors.ts';
import { secrets } from '../../../api/resources.ts';
import { exitCodes, UsageError } from '../../errors.ts';
import type { Surroundings } from '../../program.ts';
import type { Cluster } from './cluster.ts';
import { failed, findAccount, findIssuer, openAccount } from './find-issuer.ts';
import { aligned, print, type AnswerFormat } from './print.ts';

export async function deactivateAccount(
  cluster: Cluster,
  name: string,
  { yes, format }: { yes: boolean; format: AnswerFormat },
  out: Surroundings['out'],
): Promise<number> {
  const found = await findAccount(cluster, await findIssuer(cluster, name));
  const { namespace = '', name: secretName = '' } = found.secret.metadata ?? {};
  const client = openAccount(cluster, found, found.key.pem);
  try {
    const { url, status } = await client.findAccount();
    if (status === 'valid' && !yes)
      throw new UsageError(
        '<issuer>',
        name,
        `closes account ${url} of ${found.title} for good: certificates that it has stay valid, and it never gets another one. Add --yes if that is wanted`,
      );
    const closed = status === 'valid' ? (await client.deactivateAccount()).status : status;
    // The issuer's check asks the CA when it sees this, and says what it was told.
    const annotations = { [accountDeactivated]: new Date(cluster.clock.now()).toISOString() };
    await cluster.client.patch(
      secrets,
      { namespace, name: secretName },
      'merge',
      { metadata: { annotations } },
      {
        fieldManager: 'certwright-acme',
      },
    );
    print(
      out,
      format,
      { issuer: found.title, url, status: closed },
      aligned([
        ['Issuer', found.title],
        ['Account', `${url} is ${closed}`],
        [
          'Next',
          `delete the issuer, or Secret ${namespace}/${secretName} to have it register with a new key`,
        ],
      ]),
    );
    return exitCodes.ok;
  } catch (error) {
    if (error instanceof AcmeError) throw failed(error.message, error);
    throw error;
  } finally {
    await client.close();
  }
}
