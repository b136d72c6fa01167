/** `/metrics` of `certwright up`, where a flag asks for it: what a cluster serves, of the one process that there is. */
import type { Log } from '../../controllers/context.ts';
import { systemClock } from '../../kube/clock.ts';
import { createMetrics, type Metrics } from '../../metrics/metrics.ts';
import { watchProcess } from '../../metrics/process-facts.ts';
import type { Endpoint } from '../option-values.ts';
import { metricsDoor } from '../process/metrics-door.ts';
import { version } from '../version.ts';

export interface UpMetrics {
  readonly metrics: Metrics;
  close(): Promise<void>;
}

/**
 * Undefined: nobody asked.
 * @throws EnvironmentError naming the flag when the address is taken or not ours
 */
export async function openUpMetrics(address: Endpoint | undefined, log: Log): Promise<UpMetrics | undefined> {
  if (address === undefined) return undefined;
  const metrics = createMetrics({ clock: systemClock, version, process: watchProcess() });
  const ended = new AbortController();
  try {
    const settings = { setting: '--metrics-listen-address', address };
    const door = await metricsDoor(settings, metrics, log).open({ signal: ended.signal });
    log.info({}, `metrics: ${door.url}/metrics`);
    return {
      metrics,
      async close() {
        ended.abort();
        metrics.stop();
        await door.close();
      },
    };
  } catch (error) {
    metrics.stop();
    throw error;
  }
}
