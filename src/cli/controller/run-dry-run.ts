/** `certwright controller --dry-run`: asks the API, prints what would be done, ends. Needs no lease: it writes nothing. */
import { defaultControllerOptions, type Log } from '../../controllers/context.ts';
import { createIssuerTypes } from '../../issuers/registry.ts';
import { systemClock } from '../../kube/clock.ts';
import { createKubeClient } from '../../kube/http-client.ts';
import { CsrReader } from '../../pki/x509/csr-reader.ts';
import { dryRun } from '../dry-run/dry-run.ts';
import { renderDryRun } from '../dry-run/render.ts';
import { exitCodes } from '../errors.ts';
import { openConnection } from '../process/connection.ts';
import type { Surroundings } from '../program.ts';
import type { ControllerCommandOptions } from './controller-options.ts';
import { createModules } from './modules.ts';

export async function runDryRun(
  options: ControllerCommandOptions,
  surroundings: Surroundings,
  log: Log,
): Promise<number> {
  const { signal } = surroundings;
  const alive = setInterval(() => undefined, 60_000);
  try {
    const connection = await openConnection(options.connection, surroundings, log);
    if (connection === undefined) return exitCodes.failed;
    try {
      const csrs = new CsrReader();
      const report = await dryRun({
        client: createKubeClient(connection),
        clock: systemClock,
        random: Math.random,
        log,
        csrs,
        issuerTypes: createIssuerTypes(csrs),
        modules: createModules(options.modules),
        options: { ...defaultControllerOptions, ...options.controllers },
        streamingList: connection.streamingList,
        signal,
      });
      surroundings.out(renderDryRun(report, options.output));
      return exitCodes.ok;
    } catch (error) {
      // Interrupted before everything was decided: half a report would look like a whole one.
      if (signal.aborted) return exitCodes.failed;
      throw error;
    } finally {
      await connection.close();
    }
  } finally {
    clearInterval(alive);
  }
}
