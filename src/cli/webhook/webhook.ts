/** `certwright webhook`: admission for API servers that do not evaluate mutating policies. */
import { readFeatureGates } from '../configuration/feature-gates.ts';
import { readSettings, type GivenFlags } from '../configuration/settings.ts';
import { webhookTable } from '../configuration/webhook-table.ts';
import { createLog } from '../log.ts';
import { readLogSettings } from '../process/log-settings.ts';
import { readMetricsDoor } from '../process/metrics-door.ts';
import { runProcess } from '../process/run-process.ts';
import type { Surroundings } from '../program.ts';
import { readWebhookOptions } from './webhook-options.ts';
import { webhookRole } from './webhook-role.ts';

/** Resolves to the exit code once everything is stopped. */
export async function webhook(flags: GivenFlags, surroundings: Surroundings): Promise<number> {
  const settings = await readSettings(webhookTable, flags);
  const { values, nameOf } = settings;
  const gates = readFeatureGates('webhook', values['feature-gates'], nameOf('feature-gates'));
  const options = await readWebhookOptions(settings);
  const metrics = readMetricsDoor(settings);
  const logging = readLogSettings(settings);
  const log = createLog({ ...logging, write: surroundings.err, color: surroundings.color });
  for (const warning of [...settings.warnings, ...gates.warnings]) log.warn({}, warning);
  return runProcess(
    {
      connection: {
        kubeconfig: values.kubeconfig,
        ...(values['api-server-host'] !== '' && { master: values['api-server-host'] }),
      },
      ...(metrics && { metrics }),
      health: { setting: nameOf('healthz-port'), address: { host: '::', port: values['healthz-port'] } },
    },
    [webhookRole(options)],
    surroundings,
    log,
  );
}
