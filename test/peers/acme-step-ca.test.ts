/** step-ca through the controllers: its own root by caBundle, its account bindings, each challenge that it looks at on our ports. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';

import { clusterIssuers } from '../../src/api/resources.ts';
import type { ClusterIssuer } from '../../src/api/issuer.ts';
import { startChallengeServer } from '../../tools/peers/acme/challenge-server.ts';
import { freePorts } from '../../tools/peers/acme/peer-process.ts';
import { startStepCa } from '../../tools/peers/acme/step-ca.ts';
import { AcmeServerWorld, httpListener, tlsListener } from './acme-server-world.ts';

test('accounts bound to step-ca get certificates below its root, by HTTP-01 and TLS-ALPN-01', async () => {
  const [httpPort = 0, tlsPort = 0] = await freePorts(2);
  await using world = await AcmeServerWorld.start({
    settings: {
      responder: {
        http01: { host: '127.0.0.1', port: httpPort },
        tlsAlpn01: { host: '127.0.0.1', port: tlsPort },
      },
    },
  });
  const names = world.with(await startChallengeServer());
  const ca = world.with(
    await startStepCa({
      httpPort,
      tlsPort,
      resolver: names.dns,
      requireExternalAccount: true,
      externalAccounts: 2,
    }),
  );
  const says = (issuer: string, pattern: RegExp): Promise<void> =>
    world.until(`${issuer} says ${pattern}`, 60, async () => {
      const { status } = await world.client.get<ClusterIssuer>(clusterIssuers, { name: issuer });
      return pattern.test(status?.conditions?.[0]?.message ?? '');
    });

  // Without the root nobody is believed, and without a binding nobody gets an account.
  await world.issuer('untrusted', { ...ca, caBundle: '' }, { caBundle: undefined });
  await says('untrusted', /caBundle/u);
  await world.issuer('unbound', ca);
  await says('unbound', /externalAccountBinding/u);

  for (const [index, solver] of [httpListener, tlsListener].entries()) {
    const { keyId = '', key = '' } = ca.externalAccounts[index] ?? {};
    await world.secret(`eab-${index}`, { hmac: key });
    await world.issuer(`bound-${index}`, ca, {
      solvers: [solver],
      externalAccountBinding: { keyID: keyId, keySecretRef: { name: `eab-${index}`, key: 'hmac' } },
    });
    const dnsNames = [`a.s${index}.example.test`, `b.s${index}.example.test`];
    await world.certificate(`web-${index}`, `bound-${index}`, { dnsNames });
    const chain = await world.chain(`web-${index}`);
    assert.deepEqual(chain[0]?.subjectAltNames.dnsNames.toSorted(), dnsNames);
    const top = new X509Certificate(chain.at(-1)?.pem ?? '');
    assert.ok(top.verify(new X509Certificate(ca.caBundle).publicKey));
    assert.equal((await world.orders(`web-${index}`)).length, 1);
  }
  assert.deepEqual(world.problems, []);
});
