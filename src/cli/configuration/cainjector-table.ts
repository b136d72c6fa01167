/** Flags and configuration file of the cainjector: one row each (spec/operations.md §5). */
import type { ComponentTable, FlagRow } from './row.ts';
import {
  configRow,
  featureGatesRow,
  kubeconfigRow,
  leaderElectionRows,
  loggingRows,
  metricsRows,
  profilingRows,
} from './shared-rows.ts';

const injection = [
  {
    flag: 'namespace',
    kind: 'text',
    placeholder: '<namespace>',
    path: 'namespace',
    default: '',
    meaning: 'read Certificates and Secrets of this namespace only; empty: all',
  },
  {
    flag: 'ignore-namespaces',
    kind: 'list',
    placeholder: '<list>',
    path: 'ignoreNamespaces',
    default: [],
    meaning: 'namespaces whose Certificates and Secrets are no sources',
  },
  {
    flag: 'enable-certificates-data-source',
    kind: 'switch',
    path: 'enableDataSourceConfig.certificates',
    default: true,
    meaning: 'serve inject-ca-from; without it Certificates are not watched',
  },
  {
    flag: 'enable-validatingwebhookconfigurations-injectable',
    kind: 'switch',
    path: 'enableInjectableConfig.validatingWebhookConfigurations',
    default: true,
    meaning: 'inject into ValidatingWebhookConfigurations',
  },
  {
    flag: 'enable-mutatingwebhookconfigurations-injectable',
    kind: 'switch',
    path: 'enableInjectableConfig.mutatingWebhookConfigurations',
    default: true,
    meaning: 'inject into MutatingWebhookConfigurations',
  },
  {
    flag: 'enable-customresourcedefinitions-injectable',
    kind: 'switch',
    path: 'enableInjectableConfig.customResourceDefinitions',
    default: true,
    meaning: 'inject into CustomResourceDefinitions',
  },
  {
    flag: 'enable-apiservices-injectable',
    kind: 'switch',
    path: 'enableInjectableConfig.apiServices',
    default: true,
    meaning: 'inject into APIServices',
  },
] as const satisfies readonly FlagRow[];

export const cainjectorTable = {
  apiVersion: 'cainjector.config.cert-manager.io/v1alpha1',
  kind: 'CAInjectorConfiguration',
  rows: [
    configRow,
    kubeconfigRow,
    ...injection,
    ...leaderElectionRows,
    ...metricsRows,
    featureGatesRow,
    ...loggingRows,
    ...profilingRows,
  ],
} as const satisfies ComponentTable;
