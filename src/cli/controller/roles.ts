/** What `--roles` names, made: one line for each role. */
import { CliError, exitCodes } from '../errors.ts';
import { mergeSettings, type GivenFlags } from '../configuration/settings.ts';
import { webhookTable } from '../configuration/webhook-table.ts';
import type { Role } from '../process/role.ts';
import type { ControllerCommandOptions, RoleName } from './controller-options.ts';
import { readWebhookOptions } from '../webhook/webhook-options.ts';
import { webhookRole } from '../webhook/webhook-role.ts';
import { readCainjectorOptions } from '../cainjector/cainjector-options.ts';
import { cainjectorRole } from '../cainjector/cainjector-role.ts';
import { cainjectorTable } from '../configuration/cainjector-table.ts';
import { controllerRole } from './controller-role.ts';

type MakeRole = (options: ControllerCommandOptions, flags: GivenFlags) => Promise<Role>;

const makers: Readonly<Partial<Record<RoleName, MakeRole>>> = {
  controller: (options) => Promise.resolve(controllerRole(options)),
  cainjector: (_options, flags) =>
    Promise.resolve(cainjectorRole(readCainjectorOptions(mergeSettings(cainjectorTable, flags).values))),
  webhook: async (_options, flags) =>
    webhookRole(await readWebhookOptions(mergeSettings(webhookTable, flags))),
};

/** @throws CliError when the settings of a role cannot be used */
export function createRoles(options: ControllerCommandOptions, flags: GivenFlags): Promise<Role[]> {
  return Promise.all(
    options.roles.map((name) => {
      const make = makers[name];
      if (make === undefined)
        throw new CliError('cli/usage', exitCodes.usage, `--roles: this build has no role ${name}`);
      return make(options, flags);
    }),
  );
}
