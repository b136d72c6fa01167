/** A world with the example issuer's kinds and one issuer, and short ways to say what the suites say often. */
import type { TestContext } from 'node:test';
import type { CertificateRequest } from '../../../src/api/certificate-request.ts';
import type { CertificateSpec } from '../../../src/api/certificate.ts';
import { certificates } from '../../../src/api/resources.ts';
import { StandaloneWorld, type WorldOptions } from '../standalone-world.ts';
import { createExampleIssuer, group, installDefinitions, seconds, type Answer } from './example-issuer.ts';

export const issuerRef = { group, kind: 'ExampleIssuer', name: 'slow' };

/** Certificate `web` of an issuer that answers as told. */
export async function worldWith(
  t: TestContext,
  answer: Answer,
  spec: Partial<CertificateSpec> = {},
  metadata: object = {},
  controllers: WorldOptions['controllers'] = {},
): Promise<StandaloneWorld> {
  const world = await StandaloneWorld.start(t, { controllers });
  await installDefinitions(world);
  await createExampleIssuer(world, issuerRef.name, answer);
  await world.certificate('web', { issuerRef, ...spec }, metadata);
  return world;
}

/** What `cmctl renew` writes. */
export async function renewByHand(world: StandaloneWorld, name: string): Promise<void> {
  const certificate = await world.get(name);
  const others = certificate.status?.conditions?.filter(({ type }) => type !== 'Issuing') ?? [];
  const issuing = {
    type: 'Issuing',
    status: 'True',
    reason: 'ManuallyTriggered',
    message: 'Certificate re-issuance manually triggered',
    lastTransitionTime: seconds(world.clock.now()),
  } as const;
  const status = { ...certificate.status, conditions: [...others, issuing] };
  await world.user.update(
    certificates,
    { ...certificate, status },
    { fieldManager: 'cmctl', subresource: 'status' },
  );
  await world.settle();
}

export async function onlyRequest(world: StandaloneWorld): Promise<CertificateRequest> {
  const [request, ...more] = await world.requests();
  if (request === undefined || more.length > 0) throw new Error(`${more.length + 1} requests instead of one`);
  return request;
}
