/** `/metrics` on its own port. */
import type { Log } from '../../controllers/context.ts';
import type { OpenConnection } from '../../kube/connect.ts';
import type { Metrics } from '../../metrics/metrics.ts';
import type { Endpoint } from '../option-values.ts';
import { openDoor, type Door } from './door.ts';

export interface MetricsDoorSettings {
  /** Names the setting in messages. */
  setting: string;
  address: Endpoint;
}

export interface PreparedDoor {
  /** The certificate comes from a Secret: open it with a connection. */
  needsApi: boolean;
  open(surroundings: { signal: AbortSignal; connection?: OpenConnection }): Promise<Door>;
}

export function metricsDoor(settings: MetricsDoorSettings, metrics: Metrics, log: Log): PreparedDoor {
  return {
    needsApi: false,
    async open() {
      const door = await openDoor({
        setting: settings.setting,
        address: settings.address,
        answer: (target) =>
          target.split('?', 1)[0] === '/metrics'
            ? { status: 200, contentType: metrics.contentType, body: metrics.scrape() }
            : { status: 404, contentType: 'text/plain', body: 'only /metrics is here\n' },
      });
      log.debug({ url: `${door.url}/metrics` }, 'metrics are served');
      return door;
    },
  };
}
