import assert from 'node:assert/strict';
import { once } from 'node:events';
import { suite, test, type TestContext } from 'node:test';
import { connect, type ConnectionOptions } from 'node:tls';
import { createChallengeCertificate, keyAuthorizationDigest } from '../tls-alpn01/challenge-certificate.ts';
import { probeTlsAlpn01 } from '../tls-alpn01/probe.ts';
import { ChallengeAnswers } from './challenge-answers.ts';
import { startTlsAlpn01Listener } from './tls-alpn01-listener.ts';

const digest = keyAuthorizationDigest('token.thumbprint');

async function listening(context: TestContext, ...domains: string[]) {
  const answers = new ChallengeAnswers();
  for (const domain of domains)
    answers.setTlsAlpn01(domain, {
      domain,
      ...(await createChallengeCertificate(domain, digest, Date.now())),
    });
  const listener = await startTlsAlpn01Listener({
    address: { host: '127.0.0.1', port: 0 },
    answers,
    setting: '--acme-tls-alpn-listen',
  });
  context.after(() => listener.close());
  const { port } = listener.address;
  const probe = (identifier: string, its = digest): Promise<string> =>
    probeTlsAlpn01({ address: '127.0.0.1', port, identifier, digest: its, timeoutMs: 5_000 }).then(
      ({ fault }) => fault,
    );
  return { port, probe, answers };
}

/** The error of a handshake, or what came after it. */
async function handshake(options: ConnectionOptions): Promise<string> {
  const socket = connect({ host: '127.0.0.1', rejectUnauthorized: false, ...options });
  let heard = '';
  socket.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1')));
  const failed = new Promise<string>((resolve) => socket.once('error', (error) => resolve(error.message)));
  socket.once('secureConnect', () => socket.write('GET / HTTP/1.0\r\n\r\n'));
  const closed = once(socket, 'close').then(() => `closed after ${JSON.stringify(heard)}`);
  return Promise.race([failed, closed]);
}

suite('the TLS-ALPN-01 listener', () => {
  test('shows the certificate of the name that is asked for, addresses by their reverse name', async (context) => {
    const names = ['example.com', 'xn--bcher-kva.example', '192.0.2.7', '2001:db8::7'];
    const { probe } = await listening(context, ...names);
    for (const name of names) assert.equal(await probe(name), '', name);
  });

  test('is seen to prove another challenge, or to know nothing of the name', async (context) => {
    const { probe, answers } = await listening(context, 'example.com');
    assert.match(await probe('example.com', keyAuthorizationDigest('other')), /proves another challenge/);
    assert.match(await probe('other.example'), /no handshake|cut/);
    answers.delete('example.com');
    assert.match(await probe('example.com'), /no handshake|cut/);
  });

  test('speaks acme-tls/1 and no other protocol', async (context) => {
    const { port } = await listening(context, 'example.com');
    const refused = await handshake({ port, servername: 'example.com', ALPNProtocols: ['h2', 'http/1.1'] });
    assert.match(refused, /no.application.protocol/i);
    assert.equal(await handshake({ port, servername: 'example.com' }), 'closed after ""');
    assert.equal(
      await handshake({ port, servername: 'example.com', ALPNProtocols: ['h2', 'acme-tls/1'] }),
      'closed after ""',
    );
  });
});
