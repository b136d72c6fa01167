/** What every solver factory is handed: one bag, so that composition names each thing once. */
import type { KubeClient } from '../kube/client.ts';
import type { Clock } from '../kube/clock.ts';
import type { AcmeSettings, PodIdentity } from './settings.ts';

/** pino's shape, reduced to what solvers call. */
export interface SolverLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** A factory takes this and what it alone needs: `createHttp01Solver(deps: SolverDeps & { answers: … }): Solver`. */
export interface SolverDeps {
  client: KubeClient;
  clock: Clock;
  /** Uniform in [0, 1). */
  random: () => number;
  log: SolverLog;
  settings: AcmeSettings;
  /** Environment of the process: proxies, and what providers may read where ambient credentials are allowed. */
  environment: Readonly<Record<string, string | undefined>>;
  /** Absent outside a cluster; then the resident responder cannot be routed to. */
  pod?: PodIdentity;
}
