/**
 * Looks for the certificate at the listener itself, where the name leads to, and where a public resolver says that it leads
 * to. The last two are what a CA does: one of them passing is enough. The first explains the others, and is trusted with
 * nothing: that this process shows the certificate says nothing of what stands in front of it.
 */
import { isIP } from 'node:net';
import type { Challenge } from '../../api/challenge.ts';
import type { Destination } from '../http01/http01-deps.ts';
import { isForbidden } from '../http01/check/special-addresses.ts';
import { byServers, bySystem, type Resolve } from '../http01/check/resolve-name.ts';
import type { ListenOn } from '../settings.ts';
import type { CheckResult, ViewAnswer } from '../solver.ts';
import { digestOfKey, probeTlsAlpn01, type Sight } from './probe.ts';
import type { TlsAlpn01Deps } from './tls-alpn01-solver.ts';

/** RFC 8737 §3: a CA comes to no other. */
const port = 443;
const probeTimeoutMs = 10_000;

type Look = (to: Destination) => Promise<Sight>;

export async function selfCheck(
  deps: TlsAlpn01Deps,
  { spec }: Challenge,
  signal?: AbortSignal,
): Promise<CheckResult> {
  const { dnsName: identifier, key } = spec;
  const digest = digestOfKey(key);
  const dial = deps.dial ?? ((to: Destination) => to);
  const look: Look = (to) =>
    probeTlsAlpn01({
      ...dial(to),
      identifier,
      digest,
      timeoutMs: probeTimeoutMs,
      ...(signal === undefined ? {} : { signal }),
    });
  const { nameservers, publicResolver = '' } = deps.settings.http01;
  const system = bySystem(deps.lookup);
  const named = nameservers.length === 0 ? system : byServers(deps.resolver, nameservers, system);
  const [direct, ...outside] = await Promise.all([
    directView(deps.responder?.tlsAlpn01Address, look),
    nameView('name', identifier, named, look, signal),
    ...(publicResolver === ''
      ? []
      : [nameView('public', identifier, byServers(deps.resolver, [publicResolver], system), look, signal)]),
  ]);
  const views = [direct, ...outside];
  if (outside.some(({ passed }) => passed)) return { passed: true, views, problem: '' };
  const problem = direct.passed
    ? `this process shows the certificate, but not where ${identifier} leads to: ${outside[0]?.answer ?? ''}. Pass TLS connections for acme-tls/1 at port ${port} through to it; where only this network cannot reach that address (NAT without hairpin, split DNS), set --acme-http01-public-resolver, or waitInsteadOfSelfCheck on the solver`
    : `the listener of this process does not show the certificate: ${direct.answer}`;
  return { passed: false, views, problem };
}

/** Whether it is us at all. */
async function directView(at: ListenOn | undefined, look: Look): Promise<ViewAnswer> {
  const view = { view: 'direct', trusted: false };
  if (at === undefined) return { ...view, passed: false, answer: 'the listener is closed' };
  const to = { address: ownAddress(at.host), port: at.port };
  const { fault } = await look(to);
  return { ...view, passed: fault === '', answer: answerOf(to, fault) };
}

/**
 * As the CA comes: at each address of the name, as it may take any of them. One that this machine has no way to, as to IPv6
 * in many clusters, is left to the others.
 */
async function nameView(
  view: 'name' | 'public',
  identifier: string,
  resolve: Resolve,
  look: Look,
  signal?: AbortSignal,
): Promise<ViewAnswer> {
  const { addresses, ...rest } = await resolve(identifier, signal);
  if ('problem' in rest) return { view, trusted: true, passed: false, answer: rest.problem.detail };
  const forbidden = addresses.find(isForbidden);
  if (forbidden !== undefined) {
    const answer = `${forbidden} is link-local or a metadata server: it is never asked, and no CA can reach it`;
    return { view, trusted: true, passed: false, answer };
  }
  const looks = await Promise.all(
    addresses.map(async (address) => ({ to: { address, port }, ...(await look({ address, port })) })),
  );
  const seen = looks.filter(({ hasRoute }) => hasRoute);
  const shown = seen.find(({ fault }) => fault !== '') ?? seen[0] ?? looks[0];
  if (shown === undefined)
    return { view, trusted: true, passed: false, answer: `${identifier} leads to no address` };
  return { view, trusted: true, passed: shown.fault === '', answer: answerOf(shown.to, shown.fault) };
}

/** Listening on every address: the one of this machine will do. */
function ownAddress(host: string): string {
  if (host === '::') return '::1';
  return host === '' || host === '0.0.0.0' ? '127.0.0.1' : host;
}

function answerOf({ address, port: number }: Destination, fault: string): string {
  const at = `${isIP(address) === 6 ? `[${address}]` : address}:${number}`;
  return fault === '' ? `${at} shows the certificate` : `${at}: ${fault}`;
}
