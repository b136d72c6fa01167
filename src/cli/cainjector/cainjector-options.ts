/** The settings of the cainjector, read once into types (spec/operations.md §5). */
import type { cainjectorTable } from '../configuration/cainjector-table.ts';
import type { ValuesOf } from '../configuration/row.ts';
import { namespaceName } from '../option-values.ts';
import { UsageError } from '../errors.ts';
import type { CainjectorOptions } from '../../controllers/cainjector/options.ts';
import { defaultCainjectorOptions } from '../../controllers/cainjector/options.ts';
import type { LeaderSettings } from '../process/leader.ts';

export interface CainjectorRoleOptions {
  injection: CainjectorOptions;
  /** Absent: no other instance runs. */
  leader?: LeaderSettings;
}

type Values = ValuesOf<(typeof cainjectorTable)['rows']>;

/** @throws UsageError naming flag, value and remedy */
export function readCainjectorOptions(values: Values): CainjectorRoleOptions {
  const durationMs = values['leader-election-lease-duration'];
  const renewDeadlineMs = values['leader-election-renew-deadline'];
  if (renewDeadlineMs >= durationMs) {
    throw new UsageError(
      '--leader-election-renew-deadline',
      `${renewDeadlineMs} ms`,
      'must be shorter than --leader-election-lease-duration',
    );
  }
  const namespace = values['namespace'];
  const injection: CainjectorOptions = {
    ...defaultCainjectorOptions,
    ...(namespace === '' ? {} : { namespace: namespaceName('--namespace', namespace) }),
    ignoreNamespaces: values['ignore-namespaces'],
    certificates: values['enable-certificates-data-source'],
    mutatingWebhookConfigurations: values['enable-mutatingwebhookconfigurations-injectable'],
    validatingWebhookConfigurations: values['enable-validatingwebhookconfigurations-injectable'],
    customResourceDefinitions: values['enable-customresourcedefinitions-injectable'],
    apiServices: values['enable-apiservices-injectable'],
  };
  if (!values['leader-elect']) return { injection };
  const leader: LeaderSettings = {
    namespace: namespaceName('--leader-election-namespace', values['leader-election-namespace']),
    name: 'cert-manager-cainjector-leader-election',
    suffix: 'external-cert-manager-cainjector',
    label: 'cert-manager-cainjector',
    fieldManager: 'cert-manager-cainjector',
    durationMs,
    renewDeadlineMs,
    retryMs: values['leader-election-retry-period'],
    healthzTimeoutMs: 20_000,
  };
  return { injection, leader };
}
