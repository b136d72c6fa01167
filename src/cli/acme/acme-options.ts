/** The ACME flags of the controller, read once into what solvers ask for (spec/acme.md §1.3). */
import { isIP } from 'node:net';
import type { AcmeSettings } from '../../solvers/settings.ts';
import type { FeatureGates } from '../configuration/feature-gates.ts';
import type { controllerTable } from '../configuration/controller-table.ts';
import type { Settings } from '../configuration/settings.ts';
import { UsageError } from '../errors.ts';
import { oneOf } from '../option-values.ts';
import type { Problems } from '../process/problems.ts';
import { readListenAddress, type ListenAddress } from '../process/shared-settings.ts';

type ControllerSettings = Settings<(typeof controllerTable)['rows']>;

/** Adds what is wrong to `problems`; the answer counts only where there are none. */
export function readAcmeSettings(
  settings: ControllerSettings,
  gates: FeatureGates | undefined,
  gatewayApi: boolean,
  { check }: Problems,
): AcmeSettings {
  const { values, nameOf } = settings;
  const http01 = check(() => readListenAddress(settings, 'acme-http01-listen'));
  const tlsAlpn01 = check(() => readListenAddress(settings, 'acme-tls-alpn-listen'));
  const responder = check(() =>
    oneOf(nameOf('acme-http01-responder'), values['acme-http01-responder'].toLowerCase(), [
      'pod',
      'resident',
    ]),
  );
  for (const server of values['acme-http01-solver-nameservers'])
    check(() => hostAndPort(nameOf('acme-http01-solver-nameservers'), server));
  for (const server of values['dns01-recursive-nameservers'])
    check(() => nameserver(nameOf('dns01-recursive-nameservers'), server));
  const publicResolver = values['acme-http01-public-resolver'];
  if (publicResolver !== '') check(() => nameserver(nameOf('acme-http01-public-resolver'), publicResolver));
  if (values['dns01-check-retry-period'] < 1000)
    check(() => {
      throw new UsageError(
        nameOf('dns01-check-retry-period'),
        `${values['dns01-check-retry-period']}ms`,
        'write at least 1s: each self-check asks name servers and web servers of others',
      );
    });
  for (const [flag, format] of quantities) check(() => quantity(nameOf(flag), values[flag], format));
  return {
    maxConcurrentChallenges: values['max-concurrent-challenges'],
    checkRetryMs: values['dns01-check-retry-period'],
    ambient: {
      issuers: values['issuer-ambient-credentials'],
      clusterIssuers: values['cluster-issuer-ambient-credentials'],
    },
    http01: {
      pod: {
        image: values['acme-http01-solver-image'],
        requestCpu: values['acme-http01-solver-resource-request-cpu'],
        requestMemory: values['acme-http01-solver-resource-request-memory'],
        limitCpu: values['acme-http01-solver-resource-limits-cpu'],
        limitMemory: values['acme-http01-solver-resource-limits-memory'],
        runAsNonRoot: values['acme-http01-solver-run-as-non-root'],
        runtimeClassName: values['acme-http01-solver-runtime-class-name'],
      },
      extraLabels: values['acme-http01-solver-extra-labels'],
      nameservers: values['acme-http01-solver-nameservers'],
      responder: responder === 'resident' ? 'Resident' : 'Pod',
      pathTypeExact: gates?.isEnabled('ACMEHTTP01IngressPathTypeExact') ?? true,
      ...(publicResolver === '' ? {} : { publicResolver }),
      gatewayApi,
    },
    dns: {
      recursiveNameservers: values['dns01-recursive-nameservers'],
      recursiveNameserversOnly: values['dns01-recursive-nameservers-only'],
      // Commands come from whoever starts the process on a machine of their own, never into a cluster.
      programs: {},
    },
    responder: {
      ...(http01 === undefined ? {} : { http01: listenOn(http01) }),
      ...(tlsAlpn01 === undefined ? {} : { tlsAlpn01: listenOn(tlsAlpn01) }),
    },
    renewalInformation: gates?.isEnabled('ACMEUseARI') ?? true,
    inCluster: true,
  };
}

function listenOn({ address }: ListenAddress): { host: string; port: number } {
  return { host: address.host, port: address.port };
}

const quantities = [
  ['acme-http01-solver-resource-request-cpu', '10m'],
  ['acme-http01-solver-resource-request-memory', '64Mi'],
  ['acme-http01-solver-resource-limits-cpu', '100m'],
  ['acme-http01-solver-resource-limits-memory', '64Mi'],
] as const;

/** Kubernetes' resource quantities; empty leaves it to the cluster. */
function quantity(flag: string, value: string, example: string): void {
  if (value === '' || /^[0-9]{1,18}(?:\.[0-9]{1,9})?(?:[EPTGMk]i?|Ki|[numKMGTPE]|e[0-9]{1,2})?$/.test(value))
    return;
  throw new UsageError(flag, value, `write a Kubernetes quantity, for example ${example}`);
}

/** A name server as Go's `net.SplitHostPort` takes it: a name passes too. @throws UsageError */
export function hostAndPort(flag: string, value: string): void {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s/]+)):([0-9]{1,5})$/.exec(value);
  const port = Number(match?.[3]);
  if (match !== null && port > 0 && port < 65_536 && (match[1] === undefined || isIP(match[1]) === 6)) return;
  throw new UsageError(flag, value, 'must be in the format <ip address>:<port>');
}

/** A recursive name server: an address, or DNS over HTTPS. @throws UsageError */
export function nameserver(flag: string, value: string): void {
  if (!value.startsWith('https://')) return hostAndPort(flag, value);
  const url = URL.parse(value);
  if (url !== null && url.username === '' && url.password === '' && url.hash === '') return;
  throw new UsageError(flag, value, 'must be in the format https://<DoH RFC 8484 server address>');
}
