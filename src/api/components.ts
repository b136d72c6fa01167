/** Names under which each controller writes: event source and field manager (spec/certificate-lifecycle.md §1). */

const controllerNames = [
  'certificates-trigger',
  'certificates-key-manager',
  'certificates-request-manager',
  'certificates-issuing',
  'certificates-readiness',
  'certificates-revision-manager',
  'certificates-metrics',
  'certificaterequests-approver',
  'certificaterequests-issuer-acme',
  'certificaterequests-issuer-ca',
  'certificaterequests-issuer-selfsigned',
  'certificaterequests-issuer-vault',
  'certificaterequests-issuer-venafi',
  'issuers',
  'clusterissuers',
  'certificatesigningrequests-issuer-acme',
  'certificatesigningrequests-issuer-ca',
  'certificatesigningrequests-issuer-selfsigned',
  'certificatesigningrequests-issuer-vault',
  'certificatesigningrequests-issuer-venafi',
  'orders',
  'challenges',
  'ingress-shim',
  'gateway-shim',
  'listenerset',
] as const;

/** As in `--controllers`. */
export type ControllerName = (typeof controllerNames)[number];
export type Component = `cert-manager-${ControllerName}`;

export const controllers: readonly ControllerName[] = controllerNames;

/** One state machine here: they run together or not at all. `certificates-metrics` does nothing anywhere. */
export const certificateSteps = [
  'certificates-trigger',
  'certificates-key-manager',
  'certificates-request-manager',
  'certificates-issuing',
  'certificates-readiness',
  'certificates-revision-manager',
] as const satisfies readonly ControllerName[];

/** Event source, reporting component and field manager of a controller. */
export function componentOf(controller: ControllerName): Component {
  return `cert-manager-${controller}`;
}

const byComponent: ReadonlyMap<string, ControllerName> = new Map(
  controllerNames.map((name) => [componentOf(name), name]),
);

/** The controller behind an event source or field manager; undefined when it is none of them. */
export function controllerOf(component: string): ControllerName | undefined {
  return byComponent.get(component);
}

/** The process outside any controller. */
export const processComponent = 'cert-manager';
export const leaderElectionComponent = 'cert-manager-leader-election';
export const leaderElectionLease = 'cert-manager-controller';

/** The injector of CA bundles: its field manager, and the first word of its user agent (spec/shims-webhook-cainjector.md §21). */
export const cainjectorComponent = 'cert-manager-cainjector';
export const cainjectorLease = 'cert-manager-cainjector-leader-election';
