import assert from 'node:assert/strict';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { encodePem } from '../../pki/pem.ts';
import { generateKey } from '../../pki/keys.ts';
import { certificateFromRequest } from '../../pki/x509/certificate-from-request.ts';
import { createCsr } from '../../pki/x509/create-csr.ts';
import { parseCsr } from '../../pki/x509/parse-csr.ts';
import { createSigner } from '../../pki/x509/sign-certificate.ts';
import { bearer, type Auth } from '../../kube/auth/auth.ts';
import { systemClock } from '../../kube/clock.ts';
import { connect, type TlsMaterial } from '../../kube/connect.ts';
import { CredentialsError } from '../../kube/errors.ts';
import { EnvironmentError } from '../errors.ts';
import { firstContact } from './first-contact.ts';

const day = 86_400_000;

async function identity(name: string, now = Date.now()): Promise<{ cert: string; key: string }> {
  const key = await generateKey({ algorithm: 'ECDSA', size: 256 });
  const csr = parseCsr(createCsr({ commonName: name, dnsNames: ['api.example'], isCA: true }, key));
  const der = await certificateFromRequest({ csr, now, duration: day, isCA: true }, createSigner(key));
  return {
    cert: encodePem('CERTIFICATE', der),
    key: String(key.export({ type: 'pkcs8', format: 'pem' })),
  };
}

describe('the first contact with an API', () => {
  let api: { cert: string; key: string };
  let other: { cert: string; key: string };
  let old: { cert: string; key: string };
  let server: ReturnType<typeof createServer>;
  let url = '';
  let status = 200;

  before(async () => {
    [api, other, old] = await Promise.all([
      identity('api'),
      identity('other'),
      identity('old', Date.now() - 10 * day),
    ]);
    server = createServer({ ...api, requestCert: true, rejectUnauthorized: false }, (_request, response) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  async function contact(
    material: TlsMaterial,
    options: { auth?: Auth; server?: string; tls?: () => Promise<TlsMaterial>; waits?: boolean } = {},
  ): Promise<string[]> {
    const warnings: string[] = [];
    const tls = options.tls ?? ((): Promise<TlsMaterial> => Promise.resolve(material));
    const connection = await connect(
      { server: options.server ?? url, tls, auth: options.auth },
      { clock: systemClock, random: () => 0 },
    );
    const stop = new AbortController();
    const nothing = (): void => undefined;
    const log = {
      debug: nothing,
      info: nothing,
      error: nothing,
      warn: (_fields: object, message: string) => {
        warnings.push(message);
        stop.abort();
      },
    };
    try {
      await firstContact({ connection, tls, log, signal: stop.signal, waits: options.waits ?? true });
    } finally {
      await connection.close();
    }
    return warnings;
  }

  const trusted = (): TlsMaterial => ({ ca: api.cert, serverName: 'api.example' });

  it('is an answer, and a refusal of rights is one', async () => {
    for (status of [200, 403, 404]) assert.deepEqual(await contact(trusted()), []);
    status = 200;
  });

  it('waits for a server that cannot be reached, and says so', async () => {
    const [warning] = await contact(trusted(), { server: 'https://127.0.0.1:1' });
    assert.match(warning ?? '', /ECONNREFUSED.*is it running/);
    status = 503;
    const [busy] = await contact(trusted());
    assert.match(busy ?? '', /tried again/);
    status = 200;
  });

  it('of a command does not wait where nothing is: it names the address and the remedy', async () => {
    for (const [server, why] of [
      ['https://127.0.0.1:1', /^no API listens there \(connection refused\)/],
      // Of a machine without any DNS, the same in other words.
      ['https://nobody.invalid:6443', /no such host is known|tried again/],
    ] as const) {
      const told = await contact(trusted(), { server, waits: false }).catch((error: unknown) => {
        assert.ok(error instanceof EnvironmentError);
        assert.ok(error.message.startsWith(`${server}: `), error.message);
        assert.match(error.message, /certwright up, or the cluster.*--kubeconfig or --context/);
        return [error.message.slice(server.length + 2)];
      });
      assert.match(told[0] ?? '', why);
    }
    status = 503;
    const [busy] = await contact(trusted(), { waits: false });
    assert.match(busy ?? '', /tried again/, 'one that is busy is waited for');
    status = 200;
  });

  const faults: [title: string, material: () => TlsMaterial, message: RegExp, status?: number][] = [
    ['another CA', () => ({ ...trusted(), ca: other.cert }), /not signed by the certificate authority/],
    ['a CA that is no PEM', () => ({ ...trusted(), ca: 'foo' }), /certificate authority .* not a PEM/],
    ['another name', () => ({ ca: api.cert, serverName: 'x.example' }), /other names.*tls-server-name/],
    ['refused credentials', trusted, /does not accept these credentials \(401\): renew/, 401],
    ['an expired client certificate', () => ({ ...trusted(), ...old }), /expired on .*new kubeconfig/, 401],
  ];
  for (const [title, material, message, code] of faults) {
    it(`ends with cause and remedy: ${title}`, async () => {
      status = code ?? 200;
      await assert.rejects(contact(material(), { auth: code === 401 ? bearer('x') : undefined }), (error) => {
        assert.ok(error instanceof EnvironmentError);
        assert.equal(error.exitCode, 3);
        assert.ok(error.message.startsWith(url), error.message);
        assert.match(error.message, message);
        return true;
      });
      status = 200;
    });
  }

  it('ends when there are no credentials to be had, or a file of theirs is missing', async () => {
    const auth: Auth = {
      headers: () =>
        Promise.reject(new CredentialsError('the credential program x ended with code 1: no login')),
      refused: () => false,
    };
    await assert.rejects(
      contact(trusted(), { auth }),
      /the credential program x ended with code 1: no login/,
    );
    const missing = Object.assign(new Error("ENOENT: no such file, open '/nowhere/ca.crt'"), {
      code: 'ENOENT',
    });
    await assert.rejects(
      contact({}, { tls: () => Promise.reject(missing) }),
      /a file that the kubeconfig names cannot be read: .*nowhere/,
    );
  });
});
