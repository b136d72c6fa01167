/** CA injection as a role of a process: waits for its lease, works, and stands by again after a loss (spec §22). */
import { cainjectorComponent } from '../../api/components.ts';
import { startCainjector } from '../../controllers/cainjector/cainjector.ts';
import { createKubeClient } from '../../kube/http-client.ts';
import { createElection } from '../process/leader.ts';
import type { Role, RoleContext } from '../process/role.ts';
import { untilAborted } from '../../kube/until-aborted.ts';
import type { CainjectorRoleOptions } from './cainjector-options.ts';

export function cainjectorRole(options: CainjectorRoleOptions): Role {
  return { name: 'cainjector', run: (context) => run(options, context) };
}

async function run(
  { injection, leader: election }: CainjectorRoleOptions,
  context: RoleContext,
): Promise<void> {
  const { connection, clock, random, log, signal, health, metrics } = context;
  let state: 'standby' | 'syncing' | 'working' = 'standby';
  health.addReady({
    name: 'cainjector',
    check: () => (state === 'syncing' ? 'the caches of CA injection are not yet complete' : undefined),
    note: () => (state === 'working' ? 'caches complete, at work' : 'standing by'),
  });
  const elections = election === undefined ? undefined : createElection(context, election);
  const direct = createKubeClient({ ...connection, component: cainjectorComponent });
  while (!signal.aborted) {
    const leader = await elections?.becomeLeader();
    if (elections !== undefined && leader === undefined) return;
    state = 'syncing';
    const cainjector = startCainjector({
      client: leader === undefined ? direct : leader.fence(direct),
      clock,
      random,
      log,
      options: injection,
      ...(connection.serverCa === undefined ? {} : { serverCa: connection.serverCa }),
      streamingList: connection.streamingList,
      observer: metrics.cainjector,
    });
    cainjector.synced.then(
      () => {
        state = 'working';
        log.info({}, 'the caches of CA injection are complete; at work');
      },
      // Stopped before: there is nothing to tell.
      () => undefined,
    );
    await untilAborted(leader === undefined ? signal : AbortSignal.any([signal, leader.lost]));
    await cainjector.stop();
    state = 'standby';
    if (leader?.lost.aborted === true)
      log.warn(
        { err: leader.lost.reason as unknown },
        'the lease of CA injection was lost, another instance may be at work: standing by',
      );
    await leader?.release();
  }
}
