/** One process with one or more roles: doors open first, then the API, then the roles; a role that fails ends all. */
import { systemClock } from '../../kube/clock.ts';
import type { RequestObserver } from '../../kube/observe.ts';
import { createMetrics } from '../../metrics/metrics.ts';
import { watchProcess } from '../../metrics/process-facts.ts';
import type { Log } from '../../controllers/context.ts';
import { CliError, exitCodes } from '../errors.ts';
import type { Endpoint } from '../option-values.ts';
import type { Surroundings } from '../program.ts';
import { version } from '../version.ts';
import { watchApiReach } from './api-reach.ts';
import { openConnection, type ConnectionSettings } from './connection.ts';
import { openDoor, type Door } from './door.ts';
import { clockHealth, Health } from './health.ts';
import { metricsDoor, type MetricsDoorSettings } from './metrics-door.ts';
import type { Role, RoleContext } from './role.ts';
import { whenTooLong } from './when-too-long.ts';

export interface ProcessSettings {
  connection: ConnectionSettings;
  /** Absent: none. */
  metrics?: MetricsDoorSettings;
  health?: { setting: string; address: Endpoint };
}

/** Resolves to the exit code when every role has stopped. @throws CliError */
export async function runProcess(
  settings: ProcessSettings,
  roles: readonly Role[],
  surroundings: Pick<Surroundings, 'env' | 'signal'>,
  log: Log,
): Promise<number> {
  const clock = systemClock;
  const health = new Health();
  const metrics = createMetrics({ clock, version, process: watchProcess() });
  const reach = watchApiReach(clock);
  health.addLive(clockHealth(clock, () => performance.now()));
  health.addReady(reach.check);
  const doors: Door[] = [];
  // Timers and idle connections do not keep a process alive; waiting for an API that is down must.
  const alive = setInterval(() => undefined, 60_000);
  const failed = new AbortController();
  const signal = AbortSignal.any([surroundings.signal, failed.signal]);
  const patience = new AbortController();
  try {
    if (settings.health !== undefined) doors.push(await openHealth(settings.health, health, log));
    const observer = both(metrics.requests, reach.observer);
    const early = settings.metrics === undefined ? undefined : metricsDoor(settings.metrics, metrics, log);
    if (early !== undefined && !early.needsApi) doors.push(await early.open({ signal }));
    const opened = await openConnection(settings.connection, { env: surroundings.env, signal }, log);
    if (opened === undefined) return exitCodes.ok;
    reach.answered();
    const connection = { ...opened, observer };
    whenTooLong(clock, patienceMs, { stop: signal, ended: patience.signal }, () => {
      log.warn(
        {},
        `the work in flight did not end within ${patienceMs / 1000} s: its requests are cut off, and leases that are held expire`,
      );
      void connection.close();
    });
    try {
      if (early?.needsApi === true) doors.push(await early.open({ signal, connection }));
      const { random } = connection;
      const environment = surroundings.env;
      await runRoles(roles, { connection, environment, clock, random, log, signal, health, metrics }, failed);
      log.info({}, 'stopped');
      return exitCodes.ok;
    } finally {
      await connection.close();
    }
  } finally {
    failed.abort();
    patience.abort();
    clearInterval(alive);
    metrics.stop();
    await Promise.all(doors.map((door) => door.close()));
  }
}

/**
 * An API server that hangs must not keep us until the kubelet kills the process (30 s by default): what was written is
 * safe at any point, and the rest is done by whoever works next.
 */
const patienceMs = 20_000;

/** Rejects with the first role's reason, after all of them have stopped. */
async function runRoles(
  roles: readonly Role[],
  context: RoleContext,
  failed: AbortController,
): Promise<void> {
  const ends = await Promise.allSettled(
    roles.map(async (role) => {
      try {
        await role.run(context);
        if (!context.signal.aborted) throw new RoleEndedError(role.name);
      } catch (error) {
        if (roles.length > 1)
          context.log.error({ err: error, role: role.name }, 'a role failed: the process ends');
        failed.abort(error);
        throw error;
      }
    }),
  );
  const reasons = ends.filter((end) => end.status === 'rejected').map((end) => end.reason as unknown);
  if (reasons.length > 0) throw failed.signal.reason ?? reasons[0];
}

class RoleEndedError extends CliError {
  constructor(role: string) {
    super('cli/role-ended', exitCodes.failed, `the ${role} ended by itself`);
  }
}

function openHealth(door: { setting: string; address: Endpoint }, health: Health, log: Log): Promise<Door> {
  return openDoor({
    ...door,
    onError: (err) => log.warn({ err }, 'a connection to the health port could not be accepted'),
    answer: (target) => ({ ...health.answer(target), contentType: 'text/plain; charset=utf-8' }),
  });
}

function both(first: RequestObserver, second: RequestObserver): RequestObserver {
  return {
    request(...told) {
      first.request(...told);
      second.request(...told);
    },
  };
}
