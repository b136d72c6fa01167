/** `--controllers`: which controllers run, after switches, gates and `--namespace` (spec/operations.md §3). */
import { certificateSteps, type ControllerName } from '../../api/components.ts';
import { UsageError } from '../errors.ts';
import { nearest } from '../manifests/suggest.ts';

const defaultOn: readonly ControllerName[] = [
  'issuers',
  'clusterissuers',
  'certificates-metrics',
  'ingress-shim',
  'orders',
  'challenges',
  'certificaterequests-issuer-acme',
  'certificaterequests-approver',
  'certificaterequests-issuer-ca',
  'certificaterequests-issuer-selfsigned',
  'certificaterequests-issuer-vault',
  'certificaterequests-issuer-venafi',
  ...certificateSteps,
];

const signingRequests: readonly ControllerName[] = [
  'certificatesigningrequests-issuer-acme',
  'certificatesigningrequests-issuer-ca',
  'certificatesigningrequests-issuer-selfsigned',
  'certificatesigningrequests-issuer-vault',
  'certificatesigningrequests-issuer-venafi',
];

/** `listenerset` has a switch of its own and can be neither named nor left out here. */
const known: readonly ControllerName[] = [...defaultOn, ...signingRequests, 'gateway-shim'];
const clusterWide: readonly ControllerName[] = ['clusterissuers', ...signingRequests];

export interface Selection {
  /** Entries of the list: `*`, `name`, `-name`. */
  list: readonly string[];
  /** What a message calls the list. */
  name: string;
  gatewayApi: boolean;
  listenerSets: boolean;
  signingRequests: boolean;
  /** One namespace is served. */
  namespaced: boolean;
}

export interface SelectedControllers {
  enabled: ReadonlySet<ControllerName>;
  disabled: ReadonlySet<ControllerName>;
}

/** @throws UsageError for an unknown name, and for a part of the steps of a Certificate */
export function selectControllers(selection: Selection): SelectedControllers {
  const { list, name: setting } = selection;
  const added = list.filter((entry) => !entry.startsWith('-') && entry !== '*');
  const removed = list.filter((entry) => entry.startsWith('-')).map((entry) => entry.slice(1));
  for (const entry of [...added, ...removed]) {
    if (known.some((each) => each === entry)) continue;
    const close = nearest(entry, known);
    const hint =
      entry === 'listenerset'
        ? 'listenerset has a switch of its own, --enable-gateway-api-listenerset'
        : close === undefined
          ? `there are ${known.join(', ')}`
          : `is ${close} meant?`;
    throw new UsageError(
      setting,
      list.join(','),
      `"${entry}" is not in the list of known controllers; ${hint}`,
    );
  }
  const enabled = new Set<ControllerName>();
  if (list.includes('*') || added.length === 0) {
    for (const each of defaultOn) enabled.add(each);
    if (selection.gatewayApi) enabled.add('gateway-shim');
    if (selection.signingRequests) for (const each of signingRequests) enabled.add(each);
  }
  for (const each of known) if (added.includes(each)) enabled.add(each);
  if (selection.gatewayApi && selection.listenerSets) enabled.add('listenerset');
  // Nobody who serves one namespace has rights on what is in none.
  if (selection.namespaced) for (const each of clusterWide) enabled.delete(each);
  for (const each of known) if (removed.includes(each)) enabled.delete(each);

  const steps = certificateSteps.filter((step) => enabled.has(step));
  if (steps.length > 0 && steps.length < certificateSteps.length) {
    const missing = certificateSteps.filter((step) => !enabled.has(step));
    throw new UsageError(
      setting,
      list.join(','),
      `the steps of a Certificate are one state machine here and run together or not at all: add ${missing.join(', ')}, or leave out ${steps.join(', ')} too`,
    );
  }
  return {
    enabled,
    disabled: new Set([...known, 'listenerset' as const].filter((each) => !enabled.has(each))),
  };
}
