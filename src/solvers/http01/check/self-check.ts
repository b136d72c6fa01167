/** Looks for the answer from every side at once: straight at the solver, through its route, by name, and as the public sees it. */
import { isIP } from 'node:net';
import type { Challenge } from '../../../api/challenge.ts';
import type { Pod } from '../../../api/workloads.ts';
import type { CheckResult } from '../../solver.ts';
import type { Destination, Http01Deps } from '../http01-deps.ts';
import { challengePath, solverPort, urlHost } from '../identity.ts';
import { fetchAnswer, fetchThroughProxy, type FetchDeps, type Look } from './fetch-answer.ts';
import { combine, match, type Outcome } from './outcome.ts';
import { proxyFor } from './proxy.ts';
import { byServers, bySystem, type Resolve } from './resolve-name.ts';
import type { RouteTarget } from './route-target.ts';
import { verdict, type Seen, type View } from './verdict.ts';

/** What stands behind the name, as presenting has left it. */
export interface Behind {
  /** Of the solver Pod; null while it has not been seen. Absent: there is no Pod. */
  pod?: Pod | null;
  /** Of this process. */
  listener?: Destination;
  route?: RouteTarget;
}

/** How often the name is asked, each time over a new connection: replicas behind it may not all know of the route yet. */
const passes = 3;

export async function selfCheck(
  deps: Http01Deps,
  challenge: Challenge,
  behind: Behind,
  signal?: AbortSignal,
): Promise<CheckResult> {
  const { settings } = deps;
  const { dnsName: host, token, key: expected } = challenge.spec;
  const { nameservers, publicResolver } = settings.http01;
  const system = bySystem(deps.lookup);
  const named = nameservers.length === 0 ? system : byServers(deps.resolver, nameservers, system);
  const look: Omit<Look, 'to'> = { host, path: challengePath(token), expected };
  const eyes: Eyes = { deps, look, system, ...(signal === undefined ? {} : { signal }) };
  const views = await Promise.all([
    directView(eyes, behind),
    routeView(eyes, behind.route),
    nameView(eyes, 'name', named),
    publicResolver === undefined || publicResolver === ''
      ? undefined
      : nameView(eyes, 'public', byServers(deps.resolver, [publicResolver], system)),
  ]);
  return verdict(
    `http://${urlHost(host)}${look.path}`,
    views.filter((view) => view !== undefined),
  );
}

interface Eyes {
  deps: Http01Deps;
  look: Omit<Look, 'to'>;
  /** For hosts of redirects and of load balancers. */
  system: Resolve;
  signal?: AbortSignal;
}

async function directView(eyes: Eyes, { pod, listener }: Behind): Promise<Seen | undefined> {
  if (listener !== undefined) {
    const outcome = await at(eyes, listener);
    return { view: 'direct', target: 'the listener of this process', outcome, addresses: [listener.address] };
  }
  if (pod === undefined) return undefined;
  if (pod === null)
    return {
      view: 'direct',
      target: 'the solver Pod',
      outcome: absent('has not been made yet'),
      addresses: [],
    };
  const { namespace = '', name = '' } = pod.metadata ?? {};
  const target = `Pod ${namespace}/${name}`;
  const ip = pod.status?.podIP ?? '';
  if (isIP(ip) === 0) return { view: 'direct', target, outcome: absent(whyNoAddress(pod)), addresses: [] };
  return {
    view: 'direct',
    target,
    outcome: await at(eyes, { address: ip, port: solverPort }),
    addresses: [ip],
  };
}

function whyNoAddress({ status }: Pod): string {
  const waiting = status?.containerStatuses?.find(({ state }) => state?.waiting !== undefined)?.state
    ?.waiting;
  const scheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled');
  const reason =
    waiting?.reason ?? (scheduled?.status === 'False' ? scheduled.reason : undefined) ?? status?.reason ?? '';
  const phase = status?.phase ?? 'not started';
  return `has no address yet: it is ${phase}${reason === '' ? '' : ` (${reason})`}, kubectl describe pod says why`;
}

async function routeView(eyes: Eyes, route: RouteTarget | undefined): Promise<Seen | undefined> {
  if (route === undefined) return undefined;
  const { name, hosts, port, problem } = route;
  if (hosts.length === 0)
    return {
      view: 'route',
      target: 'the route',
      outcome: absent(`leads nowhere: ${problem ?? name}`),
      addresses: [],
    };
  const found = await Promise.all(hosts.slice(0, 4).map((host) => eyes.system(host, eyes.signal)));
  const addresses = [...new Set(found.flatMap((one) => one.addresses))].slice(0, 4);
  const target = `${name} at ${hosts.slice(0, 4).join(', ')}`;
  if (addresses.length === 0)
    return { view: 'route', target, outcome: absent('has an address that nobody resolves'), addresses };
  const looks = await Promise.all(
    addresses.map(async (address) => ({ address, outcome: await at(eyes, { address, port }) })),
  );
  return { view: 'route', target, outcome: combine(looks), addresses };
}

/** By every address of the name, as a CA may come by any of them; and again, when it was there. */
async function nameView(eyes: Eyes, view: View, resolve: Resolve): Promise<Seen> {
  const { look, deps, signal } = eyes;
  const proxy = view === 'name' ? proxyFor(look.host, deps.environment) : undefined;
  if (proxy !== undefined) {
    const outcome = await repeated(() => fetchThroughProxy(look, proxy, fetchDeps(eyes), signal));
    return { view, target: `the proxy ${proxy.host}`, outcome, addresses: [] };
  }
  const { addresses, ...rest } = await resolve(look.host, signal);
  if ('problem' in rest) {
    const target =
      rest.problem.unknown === true ? 'where the name leads is not known:' : 'the name leads nowhere:';
    return { view, target, outcome: rest.problem, addresses };
  }
  const outcome = await repeated(async () =>
    combine(
      await Promise.all(
        addresses.map(async (address) => ({ address, outcome: await at(eyes, { address, port: 80 }) })),
      ),
    ),
  );
  return { view, target: look.host, outcome, addresses };
}

async function repeated(once: () => Promise<Outcome>): Promise<Outcome> {
  for (let pass = 0; pass < passes; pass++) {
    const outcome = await once();
    if (outcome.kind !== 'match') return outcome;
  }
  return match;
}

function at(eyes: Eyes, to: Destination): Promise<Outcome> {
  return fetchAnswer({ ...eyes.look, to }, fetchDeps(eyes), eyes.signal);
}

function fetchDeps({ deps, system }: Eyes): FetchDeps {
  return {
    userAgent: deps.userAgent,
    resolve: async (host, signal) => (await system(host, signal)).addresses,
    ...(deps.dial === undefined ? {} : { dial: deps.dial }),
  };
}

function absent(detail: string): Outcome {
  return { kind: 'absent', detail };
}
