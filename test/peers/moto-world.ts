/** What the tests with moto share: where it is, and an environment that reaches it. */
import path from 'node:path';
import type { ProviderEnvironment, ProviderHttp, TxtRecord } from '../../src/dns/provider.ts';
import { MOTO_VERSION } from '../../tools/peers/moto/toolchain.ts';

export const motoPython =
  process.env['CERTWRIGHT_MOTO'] ??
  path.resolve(import.meta.dirname, `../../.cache/peers/moto-${MOTO_VERSION}/bin/python3`);

export const FIRST = txt('Zm9yZXN0LWZpcnN0LXZhbHVlLW9mLTQzLWNoYXJhY3RlcnM');
export const SECOND = txt('c2Vjb25kLXZhbHVlLW9mLXRoZS13aWxkY2FyZC1pbi1pdDE');

export function txt(value: string, zone = 'example.com.'): TxtRecord {
  return { fqdn: `_acme-challenge.${zone}`, zone, value, domain: zone.slice(0, -1) };
}

const http: ProviderHttp = {
  request: async ({ url, signal, ...rest }) => {
    const answer = await fetch(url, { ...rest, redirect: 'manual', ...(signal && { signal }) });
    return { status: answer.status, headers: Object.fromEntries(answer.headers), body: await answer.text() };
  },
};

export function environmentOf(url: string, more: Partial<ProviderEnvironment> = {}): ProviderEnvironment {
  return {
    secret: ({ key }) => Promise.resolve(key === 'id' ? 'AKIDEXAMPLE' : 'secret-access-key\n'),
    serviceAccountToken: (name, audiences, seconds) =>
      Promise.resolve(`${name}-${audiences.join('+')}-${seconds}`),
    ambient: false,
    environment: { AWS_ENDPOINT_URL: url },
    zoneOf: (fqdn) => Promise.resolve(fqdn),
    http,
    now: () => Date.now(),
    // moto is in sync at once: nothing that is waited for would change.
    wait: () => Promise.resolve(),
    programs: {},
    ...more,
  };
}
