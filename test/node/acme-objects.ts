/** Orders, Challenges and what solvers make for them, as the API of the node has them. */

import assert from 'node:assert/strict';

import { isReady, type Certificate } from './certificates.ts';
import { auditLog } from './host.ts';
import { ZONE } from './internet.ts';
import { eventually, get, kubectl } from './node.ts';
import { NAMESPACE, type Pod } from './release.ts';

export const SHOP = 'shop';

interface Named {
  readonly metadata: { readonly name: string; readonly uid: string };
}

export interface Challenge extends Named {
  readonly spec: { readonly dnsName: string; readonly type: string };
  readonly status?: {
    readonly state?: string;
    readonly presented?: boolean;
    readonly reason?: string;
    readonly checks?: readonly Check[];
  };
}

export interface Check {
  readonly view: string;
  readonly passed: boolean;
  readonly trusted?: boolean;
  readonly answer: string;
}

async function listed<T>(kind: string, ...more: string[]): Promise<T[]> {
  return (await get<{ items: T[] }>(kind, '-n', SHOP, ...more)).items;
}

/** By the first label of the name that they prove. */
export async function challenges(): Promise<Map<string, Challenge>> {
  const found = await listed<Challenge>('challenges.acme.cert-manager.io');
  return new Map(found.map((one) => [one.spec.dnsName.replace(`.${ZONE}`, ''), one]));
}

/** Name and uid of each. */
export async function orders(): Promise<string[]> {
  const found = await listed<Named>('orders.acme.cert-manager.io');
  return found.map(({ metadata }) => `${metadata.name} ${metadata.uid}`).toSorted();
}

const OF_SOLVERS = ['-l', 'acme.cert-manager.io/http01-solver=true'] as const;

/** The Pods that were made for Challenges, by the name that they answer for. */
export async function solverPods(): Promise<Map<string, Pod>> {
  const found = await listed<Pod & { spec: { containers: [{ args: string[] }] } }>('pods', ...OF_SOLVERS);
  const domain = (pod: (typeof found)[number]): string =>
    /--domain=([^.]+)\./u.exec(pod.spec.containers[0].args.join(' '))?.[1] ?? '';
  return new Map(found.map((pod) => [domain(pod), pod]));
}

interface Slice {
  readonly endpoints: readonly { readonly addresses: readonly string[] }[];
}

/** Where the Services lead that have no Pod of their own. */
export async function residentAddresses(): Promise<string[]> {
  const byUs =
    '-l=acme.cert-manager.io/http01-solver=true,endpointslice.kubernetes.io/managed-by!=endpointslice-controller.k8s.io';
  const found = await listed<Slice>('endpointslices', byUs);
  return found.flatMap(({ endpoints }) => endpoints.flatMap(({ addresses }) => addresses));
}

/** Each Certificate by name, once it is Ready; how long that took, in seconds. */
export async function allReady(names: readonly string[]): Promise<number> {
  const { seconds } = await eventually(`${names.join(', ')} are Ready`, 90, async () => {
    const ready = (await listed<Certificate>('certificates')).filter(isReady);
    const missing = names.filter((name) => !ready.some(({ metadata }) => metadata.name === name));
    if (missing.length > 0) throw new Error(`${missing.join(', ')}:\n${await whatIsSaid()}`);
    return true;
  });
  return seconds;
}

/** For whoever has to find out why. */
export async function whatIsSaid(): Promise<string> {
  const lines = [...(await challenges())].map(([name, { status }]) => `${name}: ${JSON.stringify(status)}`);
  return lines.join('\n');
}

/** Nothing that was made for a Challenge is there any more, and no Challenge. */
export async function nothingLeft(): Promise<void> {
  await eventually('nothing is left of Challenges', 60, async () => {
    const kinds = 'pods,services,endpointslices,ingresses,httproutes';
    const left = [
      ...(await listed<Named & { kind: string }>(kinds, ...OF_SOLVERS)).map(
        ({ kind, metadata }) => `${kind} ${metadata.name}`,
      ),
      ...(await challenges()).keys(),
    ];
    if (left.length > 0) throw new Error(left.join(', '));
    return true;
  });
  const debts = await kubectl('get', 'configmaps', '-n', NAMESPACE, '-o', 'name');
  assert.doesNotMatch(debts, /cleanup-debts/u);
}

/** Nothing that the product asked the API server for was refused: the rights of the chart are enough. */
export async function nothingForbidden(since: number): Promise<number> {
  const asked = (await auditLog().entries({ since })).filter(({ user }) =>
    user.startsWith(`system:serviceaccount:${NAMESPACE}:`),
  );
  const refused = asked.filter(({ code, decision }) => code === 401 || decision === 'forbid');
  assert.deepEqual([...new Set(refused.map(({ verb, requestUri }) => `${verb} ${requestUri}`))], []);
  return asked.length;
}
