/** `certwright acme renew`: sets Issuing on a Certificate, as `cmctl renew` does (certificate-lifecycle.md §6). */
import type { Certificate } from '../../../api/certificate.ts';
import { certificateReasons } from '../../../api/reasons.ts';
import { certificates } from '../../../api/resources.ts';
import { secondsText } from '../../../api/seconds-text.ts';
import { setCondition } from '../../../controllers/certificaterequest/conditions.ts';
import { NotFoundError } from '../../../kube/errors.ts';
import { exitCodes } from '../../errors.ts';
import type { Surroundings } from '../../program.ts';
import type { Cluster } from './cluster.ts';
import { failed } from './find-issuer.ts';
import { print, type AnswerFormat } from './print.ts';

const fieldManager = 'certwright-acme';

/** @throws CliError where there is no such Certificate; KubeError for what the API refuses, a change in between too */
export async function renew(
  { client, clock, namespace }: Pick<Cluster, 'client' | 'clock' | 'namespace'>,
  name: string,
  format: AnswerFormat,
  out: Surroundings['out'],
): Promise<number> {
  const at = { namespace, name };
  const certificate = await client.get<Certificate>(certificates, at).catch((error: unknown) => {
    if (!(error instanceof NotFoundError)) throw error;
    throw failed(`there is no Certificate ${namespace}/${name} (--namespace chooses another namespace)`);
  });
  const before = certificate.status?.conditions ?? [];
  const underWay = before.some(({ type, status }) => type === 'Issuing' && status === 'True');
  if (!underWay) {
    const conditions = setCondition(
      before,
      {
        type: 'Issuing',
        status: 'True',
        reason: certificateReasons.manuallyTriggered,
        message: 'asked for by certwright acme renew',
      },
      secondsText(clock.now()),
    );
    // A merge patch writes the whole list: over another one than was read it has to fail.
    const { resourceVersion } = certificate.metadata ?? {};
    const change = { metadata: { resourceVersion }, status: { conditions } };
    await client.patch(certificates, at, 'merge', change, { fieldManager, subresource: 'status' });
  }
  const said = underWay
    ? 'an issuance is under way already; nothing was changed'
    : 'a new certificate is asked for; the one in the Secret stays until it is there';
  const how = `certwright acme status ${name} --namespace ${namespace}`;
  const facts = { certificate: `${namespace}/${name}`, asked: !underWay, underWay: true };
  print(out, format, facts, `${namespace}/${name}: ${said}. How it goes: ${how}\n`);
  return exitCodes.ok;
}
