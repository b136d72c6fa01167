/** The seam for what a process can be (controller, cainjector, webhook), alone or together with `--roles`. */
import type { Log } from '../../controllers/context.ts';
import type { Clock } from '../../kube/clock.ts';
import type { OpenConnection } from '../../kube/connect.ts';
import type { Metrics } from '../../metrics/metrics.ts';
import type { Health } from './health.ts';

/** What every role of a process is handed. */
export interface RoleContext {
  /** Open, adapted to its server, and reported to the metrics: `createKubeClient({ ...connection, component })`. */
  connection: OpenConnection;
  /** Of the process, as `main` read it. */
  environment: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  random: () => number;
  log: Log;
  /** Aborted when the process is asked to stop, and when another role failed. */
  signal: AbortSignal;
  /** Add checks before the first await: probes come at once. */
  health: Health;
  metrics: Metrics;
}

export interface Role {
  name: 'controller' | 'cainjector' | 'webhook';
  /**
   * Does its work until the signal aborts, then ends it in order and resolves. Rejects, or resolves before, when it
   * cannot go on: the whole process is then stopped and ends with exit code 1. A CliError says its own exit code.
   */
  run(context: RoleContext): Promise<void>;
}
