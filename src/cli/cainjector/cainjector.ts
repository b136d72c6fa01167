/** `certwright cainjector`: CA injection as a process of its own. */
import { cainjectorTable } from '../configuration/cainjector-table.ts';
import { readFeatureGates } from '../configuration/feature-gates.ts';
import { readSettings, type GivenFlags } from '../configuration/settings.ts';
import { createLog } from '../log.ts';
import { readLogSettings } from '../process/log-settings.ts';
import { readMetricsDoor } from '../process/metrics-door.ts';
import { runProcess } from '../process/run-process.ts';
import type { Surroundings } from '../program.ts';
import { readCainjectorOptions } from './cainjector-options.ts';
import { cainjectorRole } from './cainjector-role.ts';

/** Resolves to the exit code once everything is stopped. */
export async function cainjector(flags: GivenFlags, surroundings: Surroundings): Promise<number> {
  const settings = await readSettings(cainjectorTable, flags);
  const { values, nameOf } = settings;
  const gates = readFeatureGates('cainjector', values['feature-gates'], nameOf('feature-gates'));
  const options = readCainjectorOptions(settings);
  const metrics = readMetricsDoor(settings);
  const log = createLog({ ...readLogSettings(settings), write: surroundings.err, color: surroundings.color });
  for (const warning of [...settings.warnings, ...gates.warnings]) log.warn({}, warning);
  return runProcess(
    { connection: { kubeconfig: values.kubeconfig }, ...(metrics && { metrics }) },
    [cainjectorRole(options)],
    surroundings,
    log,
  );
}
