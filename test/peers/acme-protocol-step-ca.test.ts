/** The client against step-ca: another implementation, with a root of its own and External Account Binding. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { AcmeProblemError } from '../../src/acme/errors.ts';
import { encodePrivateKey, generateKey } from '../../src/pki/keys.ts';
import { verifySignedBy } from '../../src/pki/x509/verify-signed-by.ts';
import { parseCertificate } from '../../src/pki/x509/parse-certificate.ts';
import { startChallengeServer, type ChallengeServer } from '../../tools/peers/acme/challenge-server.ts';
import { startStepCa, type StepCa } from '../../tools/peers/acme/step-ca.ts';
import { dns, issue, newClient } from './acme-world.ts';

describe('step-ca with External Account Binding, over its own root', () => {
  let server: ChallengeServer;
  let ca: StepCa;
  before(async () => {
    server = await startChallengeServer();
    ca = await startStepCa({
      requireExternalAccount: true,
      externalAccounts: 4,
      httpPort: server.httpPort,
      tlsPort: server.tlsPort,
      resolver: server.dns,
    });
  });
  after(() => Promise.all([ca.stop(), server.stop()]));

  it('registers with a binding of each MAC, and issues by http-01, dns-01 and tls-alpn-01', async () => {
    const cases = [
      ['HS256', 'http-01', 'RSA'],
      ['HS384', 'dns-01', 'ECDSA'],
      ['HS512', 'tls-alpn-01', 'Ed25519'],
    ] as const;
    for (const [index, [algorithm, type, key]] of cases.entries()) {
      const { client } = await newClient(ca, { key: { algorithm: key } });
      assert.equal((await client.directory()).externalAccountRequired, true);
      const bound = ca.externalAccounts[index];
      assert.ok(bound !== undefined);
      const externalAccount = { keyId: bound.keyId, key: Buffer.from(bound.key, 'base64url'), algorithm };
      const account = await client.register({ contact: ['mailto:a@example.com'], externalAccount });
      assert.equal(account.status, 'valid');
      const { certificates } = await issue(
        client,
        { identifiers: dns(`${type}.step.example`) },
        { server, type },
      );
      const [leaf, intermediate] = certificates;
      assert.ok(leaf !== undefined && intermediate !== undefined);
      assert.deepEqual(leaf.subjectAltNames.dnsNames, [`${type}.step.example`]);
      assert.ok(verifySignedBy(intermediate, parseCertificate(ca.caBundle)));
      assert.equal(await client.renewalInfo('a.b'), undefined, 'step-ca has no renewal information');
      await client.close();
    }
  });
  it('refuses an account without a binding, and one whose key is not the one it gave out', async () => {
    const { client } = await newClient(ca);
    await assert.rejects(
      client.register({ contact: [] }),
      (error) => error instanceof AcmeProblemError && error.is('externalAccountRequired'),
    );
    const keyId = ca.externalAccounts[3]?.keyId ?? '';
    const externalAccount = { keyId, key: Buffer.alloc(32, 7), algorithm: 'HS256' as const };
    await assert.rejects(client.register({ contact: [], externalAccount }), AcmeProblemError);
    await client.close();
  });
  it('finds the account again after the key came back from its PEM', async () => {
    const { client, pem } = await newClient(ca);
    const bound = ca.externalAccounts[3];
    assert.ok(bound !== undefined);
    const externalAccount = {
      keyId: bound.keyId,
      key: Buffer.from(bound.key, 'base64url'),
      algorithm: 'HS256' as const,
    };
    const { url } = await client.register({ contact: [], externalAccount });
    const again = await newClient(ca, { accountKeyPem: pem });
    assert.equal((await again.client.findAccount()).url, url);
    const stranger = await newClient(ca, {
      accountKeyPem: encodePrivateKey(await generateKey({ algorithm: 'ECDSA' })),
    });
    await assert.rejects(
      stranger.client.findAccount(),
      (error) => error instanceof AcmeProblemError && error.isAccountMissing,
    );
    await Promise.all([client.close(), again.client.close(), stranger.client.close()]);
  });
});
