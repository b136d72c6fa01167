import assert from 'node:assert/strict';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { TLSSocket } from 'node:tls';
import type { ConfigMap } from '../api/core.ts';
import { configMaps } from '../api/resources.ts';
import { encodePem } from '../pki/pem.ts';
import { generateKey } from '../pki/keys.ts';
import { certificateFromRequest } from '../pki/x509/certificate-from-request.ts';
import { createCsr } from '../pki/x509/create-csr.ts';
import { parseCsr } from '../pki/x509/parse-csr.ts';
import { createSigner } from '../pki/x509/sign-certificate.ts';
import { systemClock } from './clock.ts';
import { connect, type TlsMaterial } from './connect.ts';
import { TransportError } from './errors.ts';
import { createKubeClient } from './http-client.ts';

interface Identity {
  cert: string;
  key: string;
}

async function selfSigned(commonName: string, dnsNames: string[]): Promise<Identity> {
  const key = await generateKey({ algorithm: 'ECDSA', size: 256 });
  const csr = parseCsr(createCsr({ commonName, dnsNames, isCA: true }, key));
  const der = await certificateFromRequest({ csr, now: Date.now(), isCA: true }, createSigner(key));
  return {
    cert: encodePem('CERTIFICATE', der),
    key: String(key.export({ type: 'pkcs8', format: 'pem' })),
  };
}

describe('connections over TLS', () => {
  let url = '';
  let serverIdentity: Identity;
  let alice: Identity;
  let bob: Identity;
  let handshakes = 0;
  let stop: () => Promise<void>;

  before(async () => {
    [serverIdentity, alice, bob] = await Promise.all([
      selfSigned('api', ['inner.example']),
      selfSigned('alice', []),
      selfSigned('bob', []),
    ]);
    const server = createServer(
      { ...serverIdentity, requestCert: true, rejectUnauthorized: false },
      (request, response) => {
        const peer = (request.socket as TLSSocket).getPeerCertificate();
        response.end(JSON.stringify({ data: { peer: peer.subject?.CN ?? 'nobody' } }));
      },
    );
    server.on('secureConnection', () => handshakes++);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    stop = async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    };
  });
  after(() => stop());

  async function peerSeen(tls: () => TlsMaterial, requests = 1): Promise<unknown> {
    const endpoint = { server: url, tls: () => Promise.resolve(tls()) };
    const connection = await connect(endpoint, { clock: systemClock, random: () => 0 });
    try {
      const client = createKubeClient(connection);
      let answer: ConfigMap = {};
      for (let i = 0; i < requests; i++)
        answer = await client.get<ConfigMap>(configMaps, { namespace: 'n', name: 'x' });
      return answer.data?.['peer'];
    } finally {
      await connection.close();
    }
  }

  it('may be closed twice: work that hangs is cut off before the process ends', async () => {
    const endpoint = { server: url, tls: () => Promise.resolve({ insecure: true }) };
    const connection = await connect(endpoint, { clock: systemClock, random: () => 0 });
    await Promise.all([connection.close(), connection.close()]);
    await assert.rejects(createKubeClient(connection).get(configMaps, { namespace: 'n', name: 'x' }));
  });

  it('are trusted by the given CA under the given name, and reused', async () => {
    handshakes = 0;
    const tls = { ca: serverIdentity.cert, serverName: 'inner.example' };
    assert.equal(await peerSeen(() => tls, 20), 'nobody');
    // The pool may open a second connection while the first still finishes its answer.
    assert.ok(handshakes <= 2, `twenty requests made ${handshakes} handshakes`);
  });

  it('live on after deletions that name the object by its UID', async () => {
    handshakes = 0;
    const endpoint = { server: url, tls: () => Promise.resolve({ insecure: true }) };
    const connection = await connect(endpoint, { clock: systemClock, random: () => 0 });
    try {
      const client = createKubeClient(connection);
      const options = { preconditions: { uid: 'u' } };
      for (let i = 0; i < 20; i++) await client.delete(configMaps, { namespace: 'n', name: 'x' }, options);
    } finally {
      await connection.close();
    }
    assert.ok(handshakes <= 2, `twenty deletions made ${handshakes} handshakes`);
  });

  it('are refused when the CA or the name is another', async () => {
    await assert.rejects(
      peerSeen(() => ({ ca: alice.cert, serverName: 'inner.example' })),
      TransportError,
    );
    await assert.rejects(
      peerSeen(() => ({ ca: serverIdentity.cert, serverName: 'other.example' })),
      TransportError,
    );
    await assert.rejects(
      peerSeen(() => ({})),
      TransportError,
    );
    assert.equal(await peerSeen(() => ({ insecure: true })), 'nobody');
  });

  it('show the client certificate that is current', async () => {
    const tls = { ca: serverIdentity.cert, serverName: 'inner.example' };
    assert.equal(await peerSeen(() => ({ ...tls, ...alice })), 'alice');
    assert.equal(await peerSeen(() => ({ ...tls, ...bob })), 'bob');
  });
});
