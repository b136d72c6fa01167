/** The peer's feature gates: what each means here (spec/operations.md §7). An unknown one is refused. */
import { UsageError } from '../errors.ts';
import { nearest } from '../manifests/suggest.ts';

export type GateComponent = 'controller' | 'webhook' | 'cainjector';

export interface Gate {
  name: string;
  stage: 'Alpha' | 'Beta' | 'GA';
  default: boolean;
  components: readonly GateComponent[];
  /** Absent: honoured. Else why the value makes no difference. */
  withoutEffect?: string;
}

const both: readonly GateComponent[] = ['controller', 'webhook'];
const controller: readonly GateComponent[] = ['controller'];
const always = 'this is how Certwright always works';
const never = 'Certwright does not do this in this version';

export const gates: readonly Gate[] = [
  {
    name: 'ExperimentalCertificateSigningRequestControllers',
    stage: 'Alpha',
    default: false,
    components: controller,
  },
  { name: 'ExperimentalGatewayAPISupport', stage: 'Beta', default: true, components: controller },
  { name: 'ListenerSets', stage: 'Alpha', default: false, components: controller },
  { name: 'ACMEHTTP01IngressPathTypeExact', stage: 'Beta', default: true, components: controller },
  // On here, where cert-manager has it off: certificates of 45 days need to hear from the CA when to renew.
  { name: 'ACMEUseARI', stage: 'Beta', default: true, components: controller },
  ...(
    [
      ['StableCertificateRequestName', 'Beta', true, controller, always],
      ['SecretsFilteredCaching', 'Beta', true, controller, always],
      ['LiteralCertificateSubject', 'Beta', true, both, always],
      ['NameConstraints', 'Beta', true, both, always],
      ['OtherNames', 'Beta', true, both, always],
      [
        'ServerSideApply',
        'Alpha',
        false,
        ['controller', 'cainjector'],
        'writes are chosen one by one here, apply where others may write too',
      ],
      ['UseCertificateRequestBasicConstraints', 'Alpha', false, controller, never],
      ['ValidateCAA', 'Alpha', false, controller, 'it has none in cert-manager either'],
      ['DisallowInsecureCSRUsageDefinition', 'GA', true, both, always],
      ['AdditionalCertificateOutputFormats', 'GA', true, both, always],
      ['UseDomainQualifiedFinalizer', 'GA', true, controller, always],
      ['DefaultPrivateKeyRotationPolicyAlways', 'GA', true, controller, always],
      ['CAInjectorMerging', 'GA', true, ['cainjector'], always],
    ] as const
  ).map(([name, stage, initial, components, withoutEffect]) => ({
    name,
    stage,
    default: initial,
    components,
    withoutEffect,
  })),
];

export interface FeatureGates {
  isEnabled: (
    name:
      | 'ExperimentalCertificateSigningRequestControllers'
      | 'ExperimentalGatewayAPISupport'
      | 'ListenerSets'
      | 'ACMEHTTP01IngressPathTypeExact'
      | 'ACMEUseARI',
  ) => boolean;
  warnings: readonly string[];
}

/**
 * @param name what messages call the setting: `--feature-gates`
 * @throws UsageError for a name that no gate has, and for a GA gate switched off
 */
export function readFeatureGates(
  component: GateComponent,
  given: Readonly<Record<string, boolean>>,
  name = '--feature-gates',
): FeatureGates {
  const here = gates.filter((gate) => gate.components.includes(component));
  const enabled = new Map(here.map((gate) => [gate.name, gate.default]));
  const { AllAlpha: alpha, AllBeta: beta, ...single } = given;
  const whole = { Alpha: alpha, Beta: beta, GA: undefined };
  for (const gate of here) enabled.set(gate.name, whole[gate.stage] ?? gate.default);
  const warnings: string[] = [];
  for (const [gateName, value] of Object.entries(single)) {
    const gate = here.find((each) => each.name === gateName);
    if (gate === undefined) {
      const close = nearest(gateName, [...enabled.keys(), 'AllAlpha', 'AllBeta']);
      const hint = close === undefined ? `there are ${[...enabled.keys()].join(', ')}` : `is ${close} meant?`;
      throw new UsageError(name, gateName, `the ${component} has no such feature gate; ${hint}`);
    }
    if (gate.stage === 'GA' && !value)
      throw new UsageError(
        name,
        `${gateName}=false`,
        'this feature is there for good and cannot be switched off: leave it out',
      );
    enabled.set(gateName, value);
    if (gate.withoutEffect !== undefined && value !== gate.default)
      warnings.push(`${name} ${gateName}=${value} has no effect: ${gate.withoutEffect}`);
  }
  return { isEnabled: (gate) => enabled.get(gate) ?? false, warnings };
}
