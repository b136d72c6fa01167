/** A DNS-01 solver of a test: names, Secrets and what the webhook was told are tables. */
import type { Challenge } from '../../../api/challenge.ts';
import type { Secret } from '../../../api/core.ts';
import type { KubeObject } from '../../../api/meta.ts';
import { challenges, secrets } from '../../../api/resources.ts';
import type { Dns01Solver } from '../../../api/solver-dns01.ts';
import { scriptResolver, type Scripted } from '../../../dns/testing/script-resolver.ts';
import type { DnsRecord } from '../../../dns/resolver.ts';
import { createZones } from '../../../dns/zones.ts';
import { createFakeClock } from '../../../kube/testing/fake-clock.ts';
import { MemoryClient } from '../../../kube/testing/memory-client.ts';
import type { Transport, TransportRequest } from '../../../kube/transport.ts';
import { defaultAcmeSettings } from '../../settings.ts';
import type { SolverContext } from '../../solver.ts';
import type { Dns01Deps } from '../deps.ts';

export const start = Date.parse('2026-11-22T07:00:00Z');
const silent = (): void => undefined;

export const soa = (name: string): Scripted => ({
  answers: [{ type: 'SOA', name, ttl: 60, primary: 'ns.', serial: 1, minimum: 60 }],
});
export const cname = (name: string, target: string): Scripted => ({
  answers: [{ type: 'CNAME', name, ttl: 0, target }],
});
export const text = (name: string, value: string): Scripted => {
  const record: DnsRecord = { type: 'TXT', name, ttl: 60, text: value };
  return { answers: [record] };
};

export interface Told {
  action: string;
  resolvedFQDN: string;
  resolvedZone: string;
  key: string;
}

export class Dns01World {
  readonly client = new MemoryClient();
  /** What the webhook was told, in order. */
  readonly told: Told[] = [];
  readonly requests: TransportRequest[] = [];
  /** Thrown or answered by the API server to requests beside those of the client. */
  reply: (request: TransportRequest) => unknown = () => ({ response: { uid: '', success: true } });
  readonly deps: Dns01Deps;
  readonly script: Record<string, Scripted>;

  constructor(script: Record<string, Scripted> = {}, more: Partial<Dns01Deps> = {}) {
    this.script = {
      'SOA example.com.': soa('example.com.'),
      'SOA delegated.test.': soa('delegated.test.'),
      ...script,
    };
    const resolver = scriptResolver(this.script);
    const clock = createFakeClock(start, () => Promise.resolve());
    const transport: Transport = {
      request: (request) => {
        this.requests.push(request);
        const sent = JSON.parse(request.body ?? '{}') as { request?: Told };
        if (sent.request !== undefined) this.told.push(sent.request);
        const answer = this.reply(request);
        return Promise.resolve({ status: 201, headers: {}, body: Buffer.from(JSON.stringify(answer)) });
      },
      stream: () => Promise.reject(new Error('nothing is streamed')),
    };
    this.deps = {
      client: this.client,
      clock,
      random: () => 0.5,
      log: { debug: silent, info: silent, warn: silent, error: silent },
      settings: defaultAcmeSettings,
      environment: { AWS_REGION: 'eu-central-1' },
      resolver,
      zones: createZones({ resolver, now: () => clock.now() }),
      systemNameservers: ['192.0.2.53:53'],
      http: { request: () => Promise.reject(new Error('no network')) },
      transport,
      ...more,
    };
  }

  async secret(name: string, data: Record<string, string>, namespace = 'system'): Promise<void> {
    const encoded = Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
    );
    const secret: Secret & KubeObject = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace },
      data: encoded,
    };
    await this.client.create(secrets, secret, { fieldManager: 'test' });
  }

  async context(dns01: Dns01Solver, more: Partial<SolverContext> = {}): Promise<SolverContext> {
    const challenge: Challenge = {
      apiVersion: 'acme.cert-manager.io/v1',
      kind: 'Challenge',
      metadata: { name: 'challenge', namespace: 'shop' },
      spec: {
        url: 'https://ca.example/chall/1',
        authorizationURL: 'https://ca.example/authz/1',
        dnsName: 'example.com',
        wildcard: true,
        type: 'DNS-01',
        token: 'token',
        key: 'the-value-of-the-record',
        solver: { dns01 },
        issuerRef: { name: 'issuer', kind: 'ClusterIssuer' },
      },
    };
    await this.client.create(challenges, challenge, { fieldManager: 'test' });
    return { challenge, resourceNamespace: 'system', ambient: false, ...more };
  }

  /** The context with the Challenge as it is stored by now: what a new process sees. */
  async again(context: SolverContext): Promise<SolverContext> {
    const { name = '', namespace } = context.challenge.metadata ?? {};
    return {
      ...context,
      challenge: await this.client.get<Challenge>(challenges, { namespace: namespace ?? '', name }),
    };
  }
}
