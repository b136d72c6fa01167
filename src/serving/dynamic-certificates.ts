/** A certificate of our own making: the CA in a Secret that all replicas share, the leaf in the memory of each (spec §13). */
import type { KubeObject } from '../api/meta.ts';
import { secrets } from '../api/resources.ts';
import { allowDirectInjection } from '../api/annotations.ts';
import { managedBy } from '../api/labels.ts';
import type { KubeClient } from '../kube/client.ts';
import { pause, type Clock } from '../kube/clock.ts';
import { AlreadyExistsError, ConflictError, KubeError, NotFoundError } from '../kube/errors.ts';
import {
  authorityData,
  createAuthority,
  issueLeaf,
  readAuthority,
  type Authority,
  type Leaf,
  type SecretData,
} from './authority.ts';
import { Announcer } from './announcer.ts';
import type { CertificateSource, ServingLog } from './certificate-source.ts';

export interface DynamicOptions {
  client: KubeClient;
  /** Where the CA is. */
  namespace: string;
  name: string;
  /** At least one. */
  dnsNames: readonly string[];
  /** Milliseconds; 7 days when absent. */
  leafDuration?: number;
  /** Whose CA it is: the label of the Secret, the field manager, and, with `-ca`, the name of the CA. */
  component: 'cert-manager-webhook' | 'cert-manager-cainjector' | 'cert-manager';
  clock: Clock;
  log: ServingLog;
}

const pollMs = 10_000;
const defaultLeafDuration = 168 * 3_600_000;
/** A race is lost to a replica that has written: it is there at the next look. */
const mostRaces = 5;

interface Secret extends KubeObject {
  type?: string;
  data?: SecretData;
}

/** Nothing is read or written before `run`. */
export function dynamicCertificates(options: DynamicOptions): CertificateSource {
  const { client, namespace, name, clock, log, component } = options;
  const key = { namespace, name };
  const announcer = new Announcer(log);
  let authority: Authority | undefined;
  let leaf: Leaf | undefined;

  /** The CA in the Secret, made or made anew where it has to be. */
  const agree = async (signal: AbortSignal): Promise<Authority> => {
    for (let race = 1; ; race++) {
      const secret = await find(signal);
      const read = readAuthority(secret?.data ?? {}, clock.now());
      if (read.problem === undefined) return read.authority;
      const made = await createAuthority(`${component}-ca`, clock.now(), read.key);
      try {
        await write(secret, made, signal);
        log.info('made a CA for the serving certificate', {
          secret: `${namespace}/${name}`,
          reason: secret === undefined ? 'there was none' : read.problem,
        });
        return made;
      } catch (error) {
        // Another replica was faster: its CA is as good as ours.
        const lost = error instanceof ConflictError || error instanceof AlreadyExistsError;
        if (!lost || race >= mostRaces) throw error;
      }
    }
  };

  const find = async (signal: AbortSignal): Promise<Secret | undefined> => {
    try {
      return await client.get<Secret>(secrets, key, signal);
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    }
  };

  const write = async (old: Secret | undefined, made: Authority, signal: AbortSignal): Promise<void> => {
    const wanted: Secret = {
      ...(old ?? { apiVersion: 'v1', kind: 'Secret', type: 'Opaque' }),
      metadata: {
        ...old?.metadata,
        ...key,
        annotations: { ...old?.metadata?.annotations, [allowDirectInjection]: 'true' },
        labels: { ...old?.metadata?.labels, [managedBy]: component },
      },
      data: { ...old?.data, ...authorityData(made) },
    };
    const how = { fieldManager: component, signal };
    if (old === undefined) await client.create(secrets, wanted, how);
    else await client.update(secrets, wanted, how);
  };

  const look = async (signal: AbortSignal): Promise<void> => {
    const agreed = await agree(signal);
    const changed = authority?.cert !== agreed.cert;
    authority = agreed;
    // The wall clock decides, so that a machine that slept notices.
    if (!changed && leaf !== undefined && clock.now() < leaf.renewAt) return;
    const { dnsNames, leafDuration: duration = defaultLeafDuration } = options;
    leaf = await issueLeaf(agreed, { dnsNames, duration, now: clock.now() });
    announcer.announce({ cert: leaf.cert, key: leaf.key });
  };

  return {
    get current() {
      return announcer.current;
    },
    get problem() {
      return announcer.problem;
    },
    onChange: (listener) => announcer.onChange(listener),
    async run(signal) {
      while (!signal.aborted) {
        try {
          await look(signal);
          announcer.well();
        } catch (error) {
          if (signal.aborted) return;
          if (!(error instanceof KubeError)) throw error;
          announcer.ill(`the CA in Secret ${namespace}/${name} cannot be read or written: ${error.message}`);
        }
        await pause(clock, pollMs, signal).catch(() => undefined);
      }
    },
  };
}
