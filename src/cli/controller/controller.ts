/** `certwright controller`: its roles against any Kubernetes API. */
import { limitPem } from '../../pki/pem.ts';
import { controllerTable } from '../configuration/controller-table.ts';
import { readSettings, type GivenFlags } from '../configuration/settings.ts';
import { createLog } from '../log.ts';
import { runDryRun } from './run-dry-run.ts';
import { runProcess } from '../process/run-process.ts';
import type { Surroundings } from '../program.ts';
import { readControllerOptions } from './controller-options.ts';
import { createRoles, strayFlags } from './roles.ts';

/** Resolves to the exit code once everything is stopped. */
export async function controller(flags: GivenFlags, surroundings: Surroundings): Promise<number> {
  const settings = await readSettings(controllerTable, flags);
  const options = readControllerOptions(settings);
  limitPem(options.pemLimits);
  const log = createLog({ ...options.log, write: surroundings.err, color: surroundings.color });
  for (const warning of [...options.warnings, ...strayFlags(options, flags)]) log.warn({}, warning);
  if (options.dryRun) return runDryRun(options, surroundings, log);
  const roles = await createRoles({ options, settings, flags });
  const { connection, metrics, health } = options;
  return runProcess({ connection, metrics, health }, roles, surroundings, log);
}
