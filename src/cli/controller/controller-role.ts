/** The role that issues: waits for the lease, runs the controllers, gives the lease back. */
import { defaultControllerOptions } from '../../controllers/context.ts';
import { startControllers, type Controllers } from '../../controllers/manager.ts';
import { createIssuerTypes } from '../../issuers/registry.ts';
import type { KubeClient } from '../../kube/client.ts';
import { createKubeClient } from '../../kube/http-client.ts';
import { CsrReader } from '../../pki/x509/csr-reader.ts';
import { becomeLeader, LeadershipLostError, type Leader } from '../process/leader.ts';
import type { Role, RoleContext } from '../process/role.ts';
import { untilAborted } from '../process/until-aborted.ts';
import type { ControllerCommandOptions } from './controller-options.ts';
import { createModules } from './modules.ts';

type RoleOptions = Pick<ControllerCommandOptions, 'controllers' | 'modules' | 'leader'>;

export function controllerRole(options: RoleOptions): Role {
  return { name: 'controller', run: (context) => run(options, context) };
}

async function run(options: RoleOptions, context: RoleContext): Promise<void> {
  const { health, metrics, log, signal } = context;
  let state: 'standby' | 'syncing' | 'working' = 'standby';
  const problem = { standby: undefined, syncing: 'the caches are not yet complete', working: undefined };
  const note = { standby: 'standing by', syncing: '', working: 'caches complete, at work' };
  health.addReady({ name: 'controller', check: () => problem[state], note: () => note[state] });

  let leader: Leader | undefined;
  if (options.leader !== undefined) {
    leader = await becomeLeader(context, options.leader);
    if (leader === undefined) return;
  }
  metrics.setLeader(true);
  state = 'syncing';
  const direct = createKubeClient(context.connection);
  const controllers = startWork(options, context, leader?.fence(direct) ?? direct);
  controllers.synced.then(
    () => {
      state = 'working';
      log.info({}, 'caches are synced; at work');
    },
    () => undefined,
  );
  const lost = leader?.lost;
  await untilAborted(lost === undefined ? signal : AbortSignal.any([signal, lost]));
  metrics.serve(undefined);
  metrics.setLeader(false);
  await controllers.stop();
  if (lost?.aborted === true && options.leader !== undefined)
    throw new LeadershipLostError(`${options.leader.namespace}/${options.leader.name}`, lost.reason);
  await leader?.release();
}

/** The controllers over one client, with what the process shares. */
export function startWork(
  options: RoleOptions,
  { connection, clock, random, log, metrics }: Omit<RoleContext, 'signal' | 'health'>,
  client: KubeClient,
): Controllers {
  const csrs = new CsrReader();
  const controllers = startControllers({
    client,
    clock,
    random,
    log,
    issuerTypes: createIssuerTypes(csrs),
    csrs,
    observer: metrics.controllers,
    modules: createModules(options.modules),
    streamingList: connection.streamingList,
    options: { ...defaultControllerOptions, ...options.controllers },
  });
  metrics.serve(controllers.informers);
  return controllers;
}
