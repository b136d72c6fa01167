/** The role that issues: waits for its turn, runs the controllers, gives the lease back, and stands by again after a loss. */
import { defaultControllerOptions } from '../../controllers/context.ts';
import { startControllers, type Controllers } from '../../controllers/manager.ts';
import { createIssuerTypes } from '../../issuers/registry.ts';
import type { KubeClient } from '../../kube/client.ts';
import { createKubeClient } from '../../kube/http-client.ts';
import { CsrReader } from '../../pki/x509/csr-reader.ts';
import type { Role, RoleContext } from '../process/role.ts';
import { untilAborted } from '../process/until-aborted.ts';
import type { ControllerCommandOptions } from './controller-options.ts';
import { createModules } from './modules.ts';
import { createTurns } from './turns.ts';

export type RoleOptions = Pick<ControllerCommandOptions, 'controllers' | 'modules' | 'leader' | 'shards'>;

export function controllerRole(options: RoleOptions): Role {
  return { name: 'controller', run: (context) => run(options, context) };
}

async function run(options: RoleOptions, context: RoleContext): Promise<void> {
  const { health, metrics, log, signal } = context;
  let state: 'standby' | 'syncing' | 'working' = 'standby';
  const problem = { standby: undefined, syncing: 'the caches are not yet complete', working: undefined };
  const note = { standby: 'standing by', syncing: '', working: 'caches complete, at work' };
  health.addReady({ name: 'controller', check: () => problem[state], note: () => note[state] });
  const turns = createTurns(options, context);
  const direct = createKubeClient(context.connection);
  while (!signal.aborted) {
    const turn = await turns.next();
    if (turn === undefined) return;
    metrics.setLeader(true);
    state = 'syncing';
    const controllers = startWork(turn.adapt(options), context, turn.client(direct));
    controllers.synced.then(
      () => {
        state = 'working';
        log.info({}, 'caches are synced; at work');
      },
      () => undefined,
    );
    await untilAborted(AbortSignal.any([signal, turn.over]));
    metrics.serve(undefined);
    metrics.setLeader(false);
    await controllers.stop();
    state = 'standby';
    await turn.end();
  }
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
