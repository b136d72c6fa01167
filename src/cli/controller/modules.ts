/** The controllers beside those of Certificates, requests and issuers: one line for each, run where one of its names is enabled. */
import type { ControllerName } from '../../api/components.ts';
import { certificateSigningRequestModule } from '../../controllers/certificatesigningrequest/controller.ts';
import { challengesModule } from '../../controllers/challenge/module.ts';
import type { ChallengesOptions } from '../../controllers/challenge/controller.ts';
import type { ControllerModule } from '../../controllers/module.ts';
import { ordersModule, type OrdersOptions } from '../../controllers/order/module.ts';
import {
  persistRecordsModule,
  type PersistRecordsOptions,
} from '../../controllers/persist-records/module.ts';
import { shimModules } from '../../controllers/shim/modules.ts';

/** What the flags of ingress-shim and gateway-shim say (spec/operations.md §3). */
export interface ShimSettings {
  /** Empty: no default issuer. */
  defaultIssuerName: string;
  defaultIssuerKind: string;
  defaultIssuerGroup: string;
  autoCertificateAnnotations: readonly string[];
  extraCertificateAnnotations: readonly string[];
  /** Listener protocols beside HTTPS and TLS that carry certificates. */
  gatewayApiExtraProtocols: readonly string[];
  /** Kinds that are not served are worth no line in the log: nobody asked for them. */
  quietWhileAbsent?: boolean;
}

export const defaultShimSettings: ShimSettings = {
  defaultIssuerName: '',
  defaultIssuerKind: 'Issuer',
  defaultIssuerGroup: 'cert-manager.io',
  autoCertificateAnnotations: ['kubernetes.io/tls-acme'],
  extraCertificateAnnotations: [],
  gatewayApiExtraProtocols: [],
};

export interface ModuleSettings {
  /** Names as in `--controllers`, after gates and switches. */
  enabled: ReadonlySet<ControllerName>;
  shim: ShimSettings;
}

/** What Orders and Challenges are worked on with (`composeAcme`); absent: by nobody in this process. */
export interface AcmeModules {
  orders: OrdersOptions;
  challenges: ChallengesOptions;
  persistRecords: PersistRecordsOptions;
}

/** Those of which a name is enabled, in the order in which they start. */
export function createModules({ enabled, shim }: ModuleSettings, acme?: AcmeModules): ControllerModule[] {
  const all: ControllerModule[] = [
    // One line each: a factory that is handed what it needs of the settings.
    certificateSigningRequestModule(enabled),
    ...(acme === undefined
      ? []
      : [
          ordersModule(acme.orders),
          challengesModule(acme.challenges),
          persistRecordsModule(acme.persistRecords),
        ]),
    ...shimModules({
      defaultIssuer: {
        name: shim.defaultIssuerName,
        kind: shim.defaultIssuerKind,
        group: shim.defaultIssuerGroup,
      },
      autoCertificateAnnotations: shim.autoCertificateAnnotations,
      extraCertificateAnnotations: shim.extraCertificateAnnotations,
      gatewayApi: enabled.has('gateway-shim') || enabled.has('listenerset'),
      listenerSets: enabled.has('listenerset'),
      extraProtocols: shim.gatewayApiExtraProtocols,
      quietWhileAbsent: shim.quietWhileAbsent,
    }),
  ];
  return all.filter((module) => module.names.some((name) => enabled.has(name)));
}

/** What `certwright up` runs: there is nobody else on that machine to leave it to. */
export const upControllers: ReadonlySet<ControllerName> = new Set<ControllerName>([
  'ingress-shim',
  'gateway-shim',
  'listenerset',
  'certificatesigningrequests-issuer-acme',
  'certificatesigningrequests-issuer-ca',
  'certificatesigningrequests-issuer-selfsigned',
  'orders',
  'challenges',
]);
