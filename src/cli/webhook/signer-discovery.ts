/** Finds the resource behind the kind of a signer through API discovery, with the memory of spec §17. */
import type { FindSigner, SignerResource } from '../../admission/approval.ts';
import { builtInSigner } from '../../admission/approval.ts';
import type { Clock } from '../../kube/clock.ts';
import { NotFoundError } from '../../kube/errors.ts';
import type { Transport } from '../../kube/transport.ts';

const forgetMs = 30_000;
const patienceMs = 10_000;
const mostRemembered = 1_000;

interface Group {
  versions?: { groupVersion?: string }[];
}

interface Resources {
  resources?: { name?: string; kind?: string; namespaced?: boolean }[];
}

/** What is found is remembered for good; that a group has no such kind, for 30 s; that there is no such group, not at all. */
export function createSignerDiscovery(transport: Transport, clock: Clock): FindSigner {
  const known = new Map<string, SignerResource>();
  const missing = new Map<string, number>();

  const read = async <T>(path: string): Promise<T | undefined> => {
    try {
      const signal = AbortSignal.timeout(patienceMs);
      const { body } = await transport.request({ method: 'GET', path, signal });
      return JSON.parse(body.toString('utf8')) as T;
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    }
  };

  return async (group, kind) => {
    const own = builtInSigner(group, kind);
    // A group is part of a path; what is no DNS name is no group.
    if (own !== undefined || !/^[a-z0-9][a-z0-9.-]{0,252}$/u.test(group)) return own;
    // Kinds may have dots in them, groups of the shape above no slash.
    const key = `${group}/${kind}`;
    const found = known.get(key);
    if (found !== undefined || (missing.get(key) ?? 0) > clock.now()) return found;
    const served = await read<Group>(`/apis/${group}`);
    if (served === undefined) return undefined;
    for (const { groupVersion } of served.versions ?? []) {
      if (groupVersion === undefined || !groupVersion.startsWith(`${group}/`)) continue;
      const list = await read<Resources>(`/apis/${groupVersion}`);
      const resource = list?.resources?.find(
        (each) => each.kind === kind && each.name?.includes('/') === false,
      );
      if (resource?.name === undefined) continue;
      const signer = { plural: resource.name, namespaced: resource.namespaced === true };
      remember(known, key, signer);
      return signer;
    }
    remember(missing, key, clock.now() + forgetMs);
    return undefined;
  };
}

function remember<V>(memory: Map<string, V>, key: string, value: V): void {
  if (memory.size >= mostRemembered) memory.clear();
  memory.set(key, value);
}
