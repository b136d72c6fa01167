/** What `kubectl apply` of some manifests leaves behind with us. */
import type { Certificate } from '../../src/api/certificate.ts';
import type { KubeObject } from '../../src/api/meta.ts';
import { certificates } from '../../src/api/resources.ts';
import { CompatWorld } from './compat-world.ts';

export interface Applying {
  startMs: number;
  /** Certificates of namespace `shop` to re-issue by hand afterwards, one after the other. */
  triggered?: readonly string[];
}

/** The world, controllers still running, when nothing moves any more. The caller closes it. */
export async function applyAndSettle(
  objects: readonly KubeObject[],
  { startMs, triggered = [] }: Applying,
): Promise<CompatWorld> {
  const world = new CompatWorld(startMs);
  await world.open();
  await world.start();
  await world.apply(objects);
  // Issuers whose Secret comes late are checked again after 5 s.
  await world.clock.advance(30_000);
  for (const name of triggered) {
    await triggerByHand(world, name);
    await world.clock.advance(5_000);
  }
  return world;
}

/** What `cmctl renew` writes. */
async function triggerByHand(world: CompatWorld, name: string): Promise<void> {
  const { status, ...certificate } = await world.get<Certificate>(certificates, 'shop', name);
  const others = status?.conditions?.filter(({ type }) => type !== 'Issuing') ?? [];
  const issuing = {
    type: 'Issuing',
    status: 'True',
    reason: 'ManuallyTriggered',
    message: 'Certificate re-issuance manually triggered',
    lastTransitionTime: `${new Date(world.clock.now()).toISOString().slice(0, 19)}Z`,
    observedGeneration: certificate.metadata?.generation,
  };
  const next = { ...certificate, status: { ...status, conditions: [...others, issuing] } };
  await world.client().update(certificates, next, { fieldManager: 'cmctl', subresource: 'status' });
  await world.settle();
}
