/** The role that issues: waits for its turn, runs the controllers, gives the lease back, and stands by again after a loss. */
import type { OrderBudget } from '../../acme/budget/order-budget.ts';
import { policies } from '../../admission/policies/policies.ts';
import { processComponent } from '../../api/components.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { ResourceType } from '../../api/resources.ts';
import { defaultControllerOptions, runsAcme } from '../../controllers/context.ts';
import { startControllers, type Controllers } from '../../controllers/manager.ts';
import { createIssuerTypes } from '../../issuers/registry.ts';
import type { KubeClient } from '../../kube/client.ts';
import { createKubeClient } from '../../kube/http-client.ts';
import { CsrReader } from '../../pki/x509/csr-reader.ts';
import { forgetful, openBudget, type KeptBudget } from '../acme/budget-store.ts';
import { composeAcme } from '../acme/compose.ts';
import { admissionMode } from '../process/admission-mode.ts';
import type { Role, RoleContext } from '../process/role.ts';
import { untilAborted } from '../../kube/until-aborted.ts';
import type { ControllerCommandOptions } from './controller-options.ts';
import { createModules } from './modules.ts';
import { createTurns } from './turns.ts';

export type RoleOptions = Pick<
  ControllerCommandOptions,
  'acme' | 'caLimits' | 'controllers' | 'modules' | 'leader' | 'shards'
>;

export function controllerRole(options: RoleOptions): Role {
  return { name: 'controller', run: (context) => run(options, context) };
}

async function run(options: RoleOptions, context: RoleContext): Promise<void> {
  const { health, metrics, log, signal } = context;
  let state: 'standby' | 'syncing' | 'working' = 'standby';
  const problem = { standby: undefined, syncing: 'the caches are not yet complete', working: undefined };
  const note = { standby: 'standing by', syncing: '', working: 'caches complete, at work' };
  health.addReady({ name: 'controller', check: () => problem[state], note: () => note[state] });
  metrics.setLeader(false);
  const turns = createTurns(options, context);
  const direct = createKubeClient(context.connection);
  // Whoever serves one namespace has no right to look, and no business with what the whole cluster admits.
  if (options.controllers.namespace === undefined) void tellAdmission(context, direct);
  while (!signal.aborted) {
    const turn = await turns.next();
    if (turn === undefined) return;
    metrics.setLeader(true);
    state = 'syncing';
    const adapted = turn.adapt(options);
    const client = turn.client(direct);
    const ledger = await openLedger(adapted, context, client);
    const controllers = startWork(adapted, context, client, ledger.budget);
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
    // After a loss the lease refuses the write, and whoever has it now counts on.
    if (!turn.over.aborted) await ledger.close();
    else ledger.abandon();
    state = 'standby';
    await turn.end();
  }
}

/** Looks once which admission is in force, and says it in the log, in metrics and in `/readyz?verbose`. */
async function tellAdmission(
  { log, metrics, health, signal }: RoleContext,
  client: KubeClient,
): Promise<void> {
  let found = 'not looked yet';
  // What the API server admits is no reason to keep this process from being ready.
  health.addReady({ name: 'admission', check: () => undefined, note: () => found });
  try {
    // The chart grants it for ours alone.
    if (!(await mayGet(client, 'validatingadmissionpolicies', policies()[0]?.name, signal))) {
      found = 'unknown: this needs the right to get validatingadmissionpolicies';
      log.info({ mode: 'unknown' }, 'which admission is in force is not known: we may not look');
      return;
    }
    // Granted where the chart runs the webhook.
    const hooks = await mayGet(client, 'validatingwebhookconfigurations', 'certwright-webhook', signal);
    const { mode, detail } = await admissionMode(client, hooks ? undefined : [], signal);
    found = `${mode}: ${detail}`;
    metrics.setAdmissionMode(mode);
    log[mode === 'none' ? 'warn' : 'info']({ mode }, `admission: ${detail}`);
  } catch (err) {
    if (!signal.aborted) log.warn({ err }, 'which admission is in force could not be found out');
  }
}

/** Asked first, so that an installation without that right has no refused request in its audit log at every start. */
async function mayGet(
  client: KubeClient,
  resource: string,
  name: string | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  const resourceAttributes = { group: 'admissionregistration.k8s.io', resource, verb: 'get', name };
  const review: AccessReview = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes },
  };
  const answer = await client.create(accessReviews, review, { fieldManager: processComponent, signal });
  return answer.status?.allowed === true;
}

interface AccessReview extends KubeObject {
  spec: object;
  status?: { allowed?: boolean };
}

const accessReviews: ResourceType = {
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectAccessReview',
  plural: 'selfsubjectaccessreviews',
  singular: 'selfsubjectaccessreview',
  namespaced: false,
};

/** Where several work at the same time each counts for itself: none knows the sum, and the CA's own count decides. */
async function openLedger(
  { caLimits, controllers, shards }: RoleOptions,
  { clock, log }: Pick<RoleContext, 'clock' | 'log'>,
  client: KubeClient,
): Promise<KeptBudget> {
  const options = { ...defaultControllerOptions, ...controllers };
  const namespace = options.namespace ?? options.clusterResourceNamespace;
  if (shards > 1 || !runsAcme(options)) return forgetful(caLimits);
  return openBudget({ client, namespace, limits: caLimits, clock, log });
}

/** The controllers over one client, with what the process shares. */
export function startWork(
  options: RoleOptions,
  { connection, environment, clock, random, log, metrics }: Omit<RoleContext, 'signal' | 'health'>,
  client: KubeClient,
  budget: OrderBudget,
): Controllers {
  const csrs = new CsrReader();
  const acme = composeAcme({
    settings: options.acme,
    connection,
    environment,
    names: {
      http01: '--acme-http01-listen',
      tlsAlpn01: '--acme-tls-alpn-listen',
      webroot: 'the webroot of certwright up',
    },
    // Whoever is routed here must find somebody: a Service has no way to ask us to open.
    always: {
      http01: options.acme.responder.http01 !== undefined,
      tlsAlpn01: options.acme.responder.tlsAlpn01 !== undefined,
    },
    observe: metrics.acme,
    onDebts: (count) => metrics.setCleanUpDebts(count),
    onMissingRecords: (count) => metrics.setMissingRecords(count),
  });
  const controllers = startControllers({
    client,
    clock,
    random,
    log,
    issuerTypes: createIssuerTypes(csrs),
    csrs,
    observer: metrics.controllers,
    modules: createModules(options.modules, acme.modules),
    openAccount: acme.openAccount,
    solverObjection: acme.solverObjection,
    budget,
    streamingList: connection.streamingList,
    options: { ...defaultControllerOptions, ...options.controllers },
  });
  metrics.serve(controllers.informers);
  metrics.setBudget(budget);
  return controllers;
}
