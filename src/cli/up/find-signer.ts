/** Which kinds of issuer an API serves, as its discovery tells: external issuers are whatever definitions were added. */
import type { FindSigner, SignerResource } from '../../admission/approval.ts';
import { builtInSigner } from '../../admission/approval.ts';
import { NotFoundError } from '../../kube/errors.ts';
import type { Transport } from '../../kube/transport.ts';

interface ApiGroup {
  versions?: { groupVersion?: string }[];
}

interface ApiResource {
  name?: string;
  kind?: string;
  namespaced?: boolean;
}

/**
 * Looks a signer up as the approval check asks for it (spec/api.md §17): our own kinds without asking, all others by
 * discovery of their group. Nothing is remembered: in process that is two look-ups in a table, and a definition that
 * was just added counts at once.
 *
 * Rejects with a KubeError when the API cannot answer.
 */
export function findSignerBy(transport: Transport): FindSigner {
  const read = async (path: string): Promise<unknown> => {
    const { body } = await transport.request({ method: 'GET', path });
    return JSON.parse(body.toString('utf8'));
  };
  return async (group, kind) => {
    const own = builtInSigner(group, kind);
    if (own !== undefined) return own;
    // What stands in a request is no path: anything else than a DNS subdomain names no group.
    if (!/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(group)) return undefined;
    try {
      const { versions = [] } = (await read(`/apis/${group}`)) as ApiGroup;
      for (const { groupVersion = '' } of versions) {
        const { resources = [] } = (await read(`/apis/${groupVersion}`)) as { resources?: ApiResource[] };
        const found = resources.find((resource) => resource.kind === kind && !resource.name?.includes('/'));
        if (found?.name !== undefined) return signerOf(found.name, found.namespaced === true);
      }
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
    }
    return undefined;
  };
}

function signerOf(plural: string, namespaced: boolean): SignerResource {
  return { plural, namespaced };
}
