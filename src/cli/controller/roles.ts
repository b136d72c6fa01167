/** What `--roles` names, made: one line for each role. */
import { attributeOf, mergeSettings, type GivenFlags } from '../configuration/settings.ts';
import { webhookServingRows, webhookTable } from '../configuration/webhook-table.ts';
import type { Role } from '../process/role.ts';
import type { ControllerCommandOptions, ControllerSettings, RoleName } from './controller-options.ts';
import { readWebhookOptions } from '../webhook/webhook-options.ts';
import { webhookRole } from '../webhook/webhook-role.ts';
import { readCainjectorOptions, type CainjectorSettings } from '../cainjector/cainjector-options.ts';
import { cainjectorRole } from '../cainjector/cainjector-role.ts';
import { controllerTable } from '../configuration/controller-table.ts';
import { cainjectorTable } from '../configuration/cainjector-table.ts';
import { controllerRole } from './controller-role.ts';

export interface RolesInput {
  options: ControllerCommandOptions;
  settings: ControllerSettings;
  flags: GivenFlags;
}

const makers: Readonly<Record<RoleName, (input: RolesInput) => Promise<Role>>> = {
  controller: ({ options }) => Promise.resolve(controllerRole(options)),
  cainjector: (input) => Promise.resolve(cainjectorRole(readCainjectorOptions(besideController(input)))),
  webhook: async ({ flags }) => webhookRole(await readWebhookOptions(mergeSettings(webhookTable, flags))),
};

/**
 * The cainjector's settings in a process with the controller: what both have (leader election, `namespace`) is said once,
 * by a flag or by the controller's configuration file; what it injects is said by flags.
 */
export function besideController({
  settings,
  flags,
}: Pick<RolesInput, 'settings' | 'flags'>): CainjectorSettings {
  const own = mergeSettings(cainjectorTable, flags).values;
  const common = Object.entries(settings.values).filter(([flag]) => flag in own);
  const nameOf: (flag: never) => string = settings.nameOf;
  return {
    values: { ...own, ...Object.fromEntries(common) },
    nameOf: (flag) => nameOf(flag as never),
  };
}

/** Flags of a role that this process has not. */
export function strayFlags({ roles }: Pick<ControllerCommandOptions, 'roles'>, flags: GivenFlags): string[] {
  const own = new Set<string>(controllerTable.rows.map(({ flag }) => flag));
  const others = { cainjector: cainjectorTable.rows, webhook: webhookServingRows } as const;
  return (['cainjector', 'webhook'] as const)
    .filter((role) => !roles.includes(role))
    .flatMap((role) =>
      others[role]
        .filter(({ flag }) => !own.has(flag) && flags[attributeOf(flag)] !== undefined)
        .map(({ flag }) => `--${flag} has no effect without ${role} in --roles`),
    );
}

/** @throws CliError when the settings of a role cannot be used */
export function createRoles(input: RolesInput): Promise<Role[]> {
  return Promise.all(input.options.roles.map((name) => makers[name](input)));
}
