/** The settings of the cainjector, read once into types (spec/operations.md §5). */
import type { cainjectorTable } from '../configuration/cainjector-table.ts';
import type { ValuesOf } from '../configuration/row.ts';
import { namespaceName } from '../option-values.ts';
import type { CainjectorOptions } from '../../controllers/cainjector/options.ts';
import { defaultCainjectorOptions } from '../../controllers/cainjector/options.ts';
import type { LeaderSettings } from '../process/leader.ts';
import { readLeaderTimes } from '../process/shared-settings.ts';

export interface CainjectorRoleOptions {
  injection: CainjectorOptions;
  /** Absent: no other instance runs. */
  leader?: LeaderSettings;
}

export type CainjectorValues = ValuesOf<(typeof cainjectorTable)['rows']>;

export interface CainjectorSettings {
  values: CainjectorValues;
  /** What messages call a setting. */
  nameOf: (flag: keyof CainjectorValues) => string;
}

/** @throws UsageError naming setting, value and remedy */
export function readCainjectorOptions(settings: CainjectorSettings): CainjectorRoleOptions {
  const { values, nameOf } = settings;
  const namespace = values['namespace'];
  const injection: CainjectorOptions = {
    ...defaultCainjectorOptions,
    ...(namespace === '' ? {} : { namespace: namespaceName(nameOf('namespace'), namespace) }),
    ignoreNamespaces: values['ignore-namespaces'],
    certificates: values['enable-certificates-data-source'],
    mutatingWebhookConfigurations: values['enable-mutatingwebhookconfigurations-injectable'],
    validatingWebhookConfigurations: values['enable-validatingwebhookconfigurations-injectable'],
    customResourceDefinitions: values['enable-customresourcedefinitions-injectable'],
    apiServices: values['enable-apiservices-injectable'],
  };
  if (!values['leader-elect']) return { injection };
  const leader: LeaderSettings = {
    namespace: namespaceName(nameOf('leader-election-namespace'), values['leader-election-namespace']),
    name: 'cert-manager-cainjector-leader-election',
    suffix: 'external-cert-manager-cainjector',
    label: 'cert-manager-cainjector',
    fieldManager: 'cert-manager-cainjector',
    ...readLeaderTimes(settings),
    healthzTimeoutMs: 20_000,
  };
  return { injection, leader };
}
