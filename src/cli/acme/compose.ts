/** Puts together what Orders and Challenges are worked on with, from what the process has: the only place that knows all of it. */
import type { OrderBudget } from '../../acme/budget/order-budget.ts';
import type { RoundTrip } from '../../acme/create-client.ts';
import type { Challenge } from '../../api/challenge.ts';
import type { Solver as SolverSpec } from '../../api/solver.ts';
import { componentOf } from '../../api/components.ts';
import type { RunningSolvers } from '../../controllers/challenge/controller.ts';
import { isFinal } from '../../controllers/challenge/decide.ts';
import type { ControllerContext } from '../../controllers/context.ts';
import type { OpenAccount } from '../../issuers/acme/account-shelf.ts';
import { openAccounts } from '../../issuers/acme/open-account.ts';
import type { Informer } from '../../kube/cache.ts';
import { createTransport, type KubeConnection } from '../../kube/transport.ts';
import { userAgent } from '../../kube/user-agent.ts';
import type { SolverDeps } from '../../solvers/deps.ts';
import { createDns01Solver } from '../../solvers/dns01/dns01-solver.ts';
import { solverObjection } from '../../solvers/dns01/objection.ts';
import { createDnsPersist01Solver } from '../../solvers/dns-persist01/dns-persist01-solver.ts';
import { createLookForRecord } from '../../solvers/dns-persist01/look-for-record.ts';
import { createHttp01Solver } from '../../solvers/http01/http01-solver.ts';
import { createSolverCaches } from '../../solvers/http01/solver-caches.ts';
import { createSolvers } from '../../solvers/registry.ts';
import { Responder, type ResponderOptions } from '../../solvers/responder/responder.ts';
import type { AcmeSettings } from '../../solvers/settings.ts';
import { createTlsAlpn01Solver } from '../../solvers/tls-alpn01/tls-alpn01-solver.ts';
import type { AcmeModules } from '../controller/modules.ts';
import { version } from '../version.ts';
import { podIdentity } from './pod-identity.ts';
import { createDnsParts } from './dns-parts.ts';
import { proxyOf } from './proxy.ts';

export interface AcmeComposition {
  settings: AcmeSettings;
  /** To the API server of the controllers. */
  connection: KubeConnection;
  /** Of the process: proxies, the Pod, and what providers may read where ambient credentials are allowed. */
  environment: Readonly<Record<string, string | undefined>>;
  /** How messages call the settings of the listeners. */
  names: ResponderOptions['names'];
  /** Which listeners are open from the start. Absent: each opens while there is something to answer. */
  always?: ResponderOptions['always'];
  /** Where it is noted which files of a webroot are ours; needed with a webroot. */
  journal?: string;
  /** What may be ordered, and when. Absent: the CA's own limits are the only ones. */
  budget?: OrderBudget;
  /** Told of every request to a CA. */
  observe?: (trip: RoundTrip) => void;
  /** Told how many answers are still to be taken away. */
  onDebts?: (count: number) => void;
  /** Told how many records that renewals by dns-persist-01 need are missing. */
  onMissingRecords?: (count: number) => void;
}

export interface ComposedAcme {
  modules: AcmeModules;
  /** For `startControllers`. */
  openAccount: OpenAccount;
  solverObjection: (solver: SolverSpec) => string | undefined;
}

export function composeAcme(composition: AcmeComposition): ComposedAcme {
  const { settings, connection, environment, observe, onDebts, onMissingRecords, budget } = composition;
  const { clock, random } = connection;
  const build = { version, commit: version, platform: process.platform, arch: process.arch };
  return {
    solverObjection: (solver) => solverObjection(solver, settings),
    openAccount: openAccounts({
      userAgent: userAgent('certwright', build),
      now: () => clock.now(),
      random,
      proxy: proxyOf(environment),
      ...(observe === undefined ? {} : { observe }),
    }),
    modules: {
      orders: budget === undefined ? {} : { budget },
      challenges: {
        settings,
        ...(onDebts === undefined ? {} : { onDebts }),
        solvers: (context) => openSolvers(composition, context, userAgent(componentOf('challenges'), build)),
      },
      persistRecords: {
        ...(onMissingRecords === undefined ? {} : { onMissing: onMissingRecords }),
        open() {
          const dns = createDnsParts({ clock, environment });
          return { look: createLookForRecord(dns, settings.dns), close: () => dns.close() };
        },
      },
    },
  };
}

function openSolvers(
  composition: AcmeComposition,
  context: ControllerContext,
  agent: string,
): RunningSolvers {
  const { settings, connection, environment, names, always, journal } = composition;
  const { client, clock, random, log } = context;
  const pod = settings.inCluster ? podIdentity(environment) : undefined;
  const deps: SolverDeps = {
    client,
    clock,
    random,
    log,
    settings,
    environment,
    ...(pod === undefined ? {} : { pod }),
  };
  const responder = new Responder({
    settings: settings.responder,
    names,
    always: always ?? { http01: false, tlsAlpn01: false },
    ...(journal === undefined ? {} : { journal }),
    clock,
    log,
  });
  const dns = createDnsParts({ clock, environment });
  const { resolver } = dns;
  const caches = settings.inCluster
    ? createSolverCaches((resource, options) => context.watch(resource, options), {
        gatewayApi: settings.http01.gatewayApi,
        ...(context.options.namespace === undefined ? {} : { namespace: context.options.namespace }),
      })
    : undefined;
  const stop = new AbortController();
  return {
    solvers: createSolvers({
      'HTTP-01': createHttp01Solver({
        ...deps,
        responder,
        resolver,
        userAgent: agent,
        ...(caches === undefined ? {} : { caches }),
      }),
      'TLS-ALPN-01': createTlsAlpn01Solver({ ...deps, responder, resolver }),
      'DNS-01': createDns01Solver({
        ...deps,
        ...dns,
        transport: createTransport(connection, componentOf('challenges')),
      }),
      'DNS-PERSIST-01': createDnsPersist01Solver({ ...deps, ...dns }),
    }),
    // Begun by themselves: a kind that is not served, or may not be listed, holds nothing else up.
    informers: [],
    async start(challenges) {
      caches?.start(stop.signal);
      await responder.start();
      await responder.sweep(liveTokens(challenges));
    },
    async stop() {
      stop.abort();
      await responder.close();
      await dns.close();
    },
  };
}

/** Tokens whose answers may still be asked for. */
function liveTokens(challenges: Informer<Challenge>): ReadonlySet<string> {
  const tokens = new Set<string>();
  for (const { spec, status } of challenges.values()) if (!isFinal(status?.state)) tokens.add(spec.token);
  return tokens;
}
