import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import type { Secret } from '../../api/core.ts';
import type { IssuerStatus } from '../../api/issuer.ts';
import { AcmeTransportError } from '../../acme/errors.ts';
import { FakeCa, fakeServer, problem } from '../../controllers/testing/fake-ca.ts';
import { encodePrivateKey } from '../../pki/keys.ts';
import type { IssuerContext, Readiness } from '../issuer.ts';
import { base64, now, World } from '../testing/issuer-world.ts';
import { accountKeyIn } from './account-key.ts';
import { AccountShelf } from './account-shelf.ts';
import { registeredMessage, setUp } from './set-up.ts';
import type { AcmeSurroundings } from './surroundings.ts';

const ecKey = encodePrivateKey(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
const edKey = encodePrivateKey(generateKeyPairSync('ed25519').privateKey);

interface Setting {
  acme?: object;
  /** Data of the account key's Secret; null: there is none. */
  key?: Record<string, string> | null;
  status?: IssuerStatus;
  ca?: (ca: FakeCa) => void;
  world?: (world: World) => void;
  createSecret?: (secret: Secret) => Promise<Secret>;
}

class Issuer {
  readonly ca = new FakeCa(() => now.getTime());
  readonly world: World;
  readonly made: Secret[] = [];
  readonly acme: AcmeSurroundings;

  constructor({ acme = {}, key = { 'tls.key': ecKey }, status, createSecret, ...more }: Setting) {
    const section = { server: fakeServer, privateKeySecretRef: { name: 'account' }, ...acme };
    this.world = new World({ acme: section });
    Object.assign(this.world.issuer, {
      metadata: { ...this.world.issuer.metadata, uid: 'u', generation: 1 },
      status,
    });
    if (key !== null) this.world.put('account', key);
    more.ca?.(this.ca);
    more.world?.(this.world);
    this.acme = {
      accounts: new AccountShelf({
        open: this.ca.open,
        readKey: () => Promise.resolve(undefined),
        keyVersion: () => undefined,
      }),
      orders: undefined as never,
      createSecret:
        createSecret ??
        ((secret) => {
          this.made.push(secret);
          return Promise.resolve(secret);
        }),
    };
  }
  check(): Promise<Readiness> {
    const context: IssuerContext = this.world;
    return setUp(context, this.acme);
  }
  /** As the controller stores it. */
  store(readiness: Readiness, generation = 1): void {
    const condition = {
      type: 'Ready',
      status: readiness.ready ? 'True' : 'False',
      reason: readiness.reason,
      observedGeneration: generation,
    } as const;
    this.world.issuer.status = { acme: readiness.acme, conditions: [condition] };
  }
}

const eab = (value: string, more: object = {}) => ({
  externalAccountBinding: { keyID: 'kid', keySecretRef: { name: 'eab', key: 'hmac' }, ...more },
  value,
});

const ladder: [title: string, setting: Setting, expected: string, retry?: boolean][] = [
  ['all is well', {}, `True ACMEAccountRegistered: ${registeredMessage}`],
  [
    'a server of the first protocol',
    { acme: { server: 'https://acme-v01.api.letsencrypt.org/directory/' } },
    'False InvalidConfig: Your ACME server URL is set to a v1 endpoint',
  ],
  [
    'no key, and none is to be made',
    { key: null, acme: { disableAccountKeyGeneration: true } },
    `False ErrVerifyACMEAccount: Failed to verify ACME account: the ACME issuer config has 'disableAccountKeyGeneration' set to true, but the secret was not found: secret shop/account; create it with the key as PEM in entry "tls.key"`,
    true,
  ],
  [
    'the Secret lacks the entry',
    { key: { other: 'x' } },
    'False ErrVerifyACMEAccount: Account private key is invalid: secret shop/account has no entry "tls.key"',
  ],
  [
    'the entry has another name',
    { key: { mine: ecKey }, acme: { privateKeySecretRef: { name: 'account', key: 'mine' } } },
    'True ACMEAccountRegistered',
  ],
  [
    'no key at all in the entry',
    { key: { 'tls.key': 'x' } },
    'False ErrVerifyACMEAccount: Account private key is invalid: entry',
  ],
  ['a key of Ed25519 is taken, too', { key: { 'tls.key': edKey } }, 'True ACMEAccountRegistered'],
  [
    'Secrets cannot be read',
    { world: (world) => (world.failure = new Error('the API is away')) },
    'False ErrVerifyACMEAccount: Failed to verify ACME account: secret shop/account cannot be read: the API is away',
    true,
  ],
  [
    'the new key cannot be stored',
    { key: null, createSecret: () => Promise.reject(new Error('secrets "account" already exists')) },
    'False ErrRegisterACMEAccount: Failed to register ACME account: the account key could not be stored in secret shop/account: secrets "account" already exists',
    true,
  ],
  [
    'Secrets of solvers are missing',
    {
      acme: {
        solvers: [
          { dns01: { cloudflare: { apiTokenSecretRef: { name: 'token', key: 'k' } } } },
          { dns01: { rfc2136: { nameserver: 'n', tsigSecretSecretRef: { name: 'account', key: 'k' } } } },
          {
            dns01: {
              webhook: { groupName: 'g', solverName: 's', config: { fooSecretRef: { name: 'unknown' } } },
            },
          },
          { dns01: { route53: { secretAccessKeySecretRef: { name: '' } } } },
        ],
      },
    },
    'False InvalidSolver: failed to get secret "token": not found in namespace shop; the secret "account" does not have key "k"',
  ],
  [
    'a server that is no URL',
    { acme: { server: 'ca.example' } },
    'False InvalidURL: Failed to parse existing ACME server URI "ca.example"',
  ],
  [
    'a binding whose Secret is missing',
    { acme: eab('') },
    'False ErrRegisterACMEAccount: Failed to register ACME account: failed to get External Account Binding key from secret: secret "eab" not found',
  ],
  [
    'a binding whose entry is missing',
    { acme: eab(''), world: (world) => world.put('eab', { other: 'x' }) },
    'False ErrRegisterACMEAccount: Failed to register ACME account: failed to find external account binding key data in Secret "eab" at index "hmac"',
  ],
  [
    'a binding with padding',
    { acme: eab(''), world: (world) => world.put('eab', { hmac: 'AAAA/w==' }) },
    'False ErrRegisterACMEAccount: Failed to register ACME account: failed to decode external account binding key data: entry "hmac" of Secret "eab": it is base64 with padding',
  ],
  [
    'a binding that a terminal has broken into lines',
    { acme: eab(''), world: (world) => world.put('eab', { hmac: 'AAAA\nAAA\r\n' }) },
    'True ACMEAccountRegistered',
  ],
  [
    'the CA does not know the key of a binding',
    {
      acme: eab(''),
      world: (world) => world.put('eab', { hmac: 'AAAA' }),
      ca: failing('register', problem(403, 'unauthorized', 'no such kid')),
    },
    'False ErrRegisterACMEAccount: Failed to register ACME account: 403 urn:ietf:params:acme:error:unauthorized: no such kid (asked with external account key ID "kid" and the MAC key in entry "hmac" of secret shop/eab;',
  ],
  [
    'the CA wants a binding and there is none',
    { ca: (ca) => (ca.directory = { ...ca.directory, externalAccountRequired: true }) },
    'False ErrRegisterACMEAccount: Failed to register ACME account: the CA registers accounts only with an external account binding: set spec.acme.externalAccountBinding',
  ],
  [
    'the CA refuses',
    { ca: failing('register', problem(400, 'invalidContact', 'no such domain')) },
    'False ErrRegisterACMEAccount: Failed to register ACME account: 400 urn:ietf:params:acme:error:invalidContact: no such domain',
  ],
  [
    'the CA cannot be reached',
    { ca: failing('directory', new AcmeTransportError('connect', 'connection refused')) },
    'False ErrRegisterACMEAccount: Failed to register ACME account: connection refused',
    true,
  ],
  [
    'the CA is at fault',
    { ca: failing('register', problem(500, 'serverInternal', 'oops')) },
    'False ErrRegisterACMEAccount: Failed to register ACME account: 500',
    true,
  ],
  [
    'the contact cannot be changed',
    {
      acme: { email: 'new@example.test' },
      ca: (ca) => {
        ca.directory = { ...ca.directory };
        failing('updateContact', problem(400, 'unsupportedContact', 'not this'))(ca);
        register(ca, 'old@example.test');
      },
    },
    'False ErrUpdateACMEAccount: Failed to update ACME account:400 urn:ietf:params:acme:error:unsupportedContact: not this',
  ],
];

function failing(call: string, error: Error): (ca: FakeCa) => void {
  return (ca) => {
    ca.onCall = (made) => {
      if (made.startsWith(call)) throw error;
    };
  };
}

/** The CA knows the key already. */
function register(ca: FakeCa, email: string, status: 'valid' | 'deactivated' = 'valid'): void {
  const settings = { server: fakeServer, privateKey: ecKey, skipTLSVerify: false };
  ca.accounts.set(ca.open(settings).thumbprint, {
    url: 'https://ca.example/acct/9',
    status,
    contact: [`mailto:${email}`],
  });
}

for (const [title, setting, expected, retry = false] of ladder) {
  test(`set-up: ${title}`, async () => {
    const readiness = await new Issuer(setting).check();
    const line = `${readiness.ready ? 'True' : 'False'} ${readiness.reason}: ${readiness.message}`;
    assert.equal(line.slice(0, expected.length), expected);
    assert.equal(readiness.retry, retry);
    if (!readiness.ready) assert.equal(readiness.event?.type, 'Warning');
  });
}

test('a new account key: RSA of 2048 bits in PKCS#1, with the label that tools look for', async () => {
  const issuer = new Issuer({ key: null });
  const readiness = await issuer.check();
  assert.equal(readiness.ready, true);
  const [secret] = issuer.made;
  assert.deepEqual(secret?.metadata, {
    name: 'account',
    namespace: 'shop',
    labels: { 'app.kubernetes.io/managed-by': 'cert-manager' },
  });
  const pem = Buffer.from(secret?.data?.['tls.key'] ?? '', 'base64').toString('utf8');
  assert.match(pem, /^-----BEGIN RSA PRIVATE KEY-----/u);
  assert.equal(accountKeyIn(secret ?? {}, 'tls.key')?.fingerprint, readiness.acme?.lastPrivateKeyHash);
});

test('what was proven is not asked again, until the spec changes', async () => {
  const issuer = new Issuer({});
  issuer.store(await issuer.check());
  const asked = issuer.ca.calls.length;
  assert.equal((await issuer.check()).ready, true);
  assert.equal(issuer.ca.calls.length, asked);
  issuer.world.issuer.metadata!.generation = 2;
  assert.equal((await issuer.check()).ready, true);
  // Looked up, not registered: a binding may be good for one registration only.
  assert.deepEqual(issuer.ca.calls.slice(asked), ['findAccount']);
});

test('an issuer that was Ready stays so while the CA is away, and is looked at again', async () => {
  const issuer = new Issuer({});
  issuer.store(await issuer.check());
  issuer.world.issuer.metadata!.generation = 2;
  failing('findAccount', new AcmeTransportError('timeout', 'no answer'))(issuer.ca);
  const readiness = await issuer.check();
  assert.equal(readiness.ready, true);
  assert.ok((readiness.recheckAt ?? 0) > now.getTime());
});

test('another CA gets the same key, another key another account', async () => {
  const issuer = new Issuer({});
  issuer.store(await issuer.check());
  Object.assign(issuer.world.issuer.spec.acme!, { server: 'https://other.example/dir' });
  issuer.world.issuer.metadata!.generation = 2;
  await issuer.check();
  assert.equal(issuer.ca.count('register'), 2);
  issuer.world.put('account', { 'tls.key': edKey });
  const { acme } = await issuer.check();
  assert.equal(issuer.ca.count('register'), 3);
  assert.notEqual(acme?.lastPrivateKeyHash, issuer.world.issuer.status?.acme?.lastPrivateKeyHash);
});

test('a CA that is busy is asked again when it says, and not before', async () => {
  const at = now.getTime() + 90_000;
  const issuer = new Issuer({ ca: failing('register', problem(429, 'rateLimited', 'too many', at)) });
  const readiness = await issuer.check();
  assert.deepEqual([readiness.ready, readiness.retry, readiness.recheckAt], [false, false, at]);
});

test('a person who has to agree to something is told where, and asked for every hour', async () => {
  const agree = problem(403, 'userActionRequired', 'the terms have changed');
  Object.assign(agree.problem, { instance: 'https://ca.example/agree' });
  const readiness = await new Issuer({ ca: failing('register', agree) }).check();
  assert.match(readiness.message, /at https:\/\/ca\.example\/agree/u);
  assert.equal(readiness.recheckAt, now.getTime() + 3_600_000);
});

test('an account that the CA has closed is said to be closed, and is not kept in the status', async () => {
  const issuer = new Issuer({ ca: (ca) => register(ca, '', 'deactivated') });
  const readiness = await issuer.check();
  assert.equal(readiness.ready, false);
  assert.match(
    readiness.message,
    /account https:\/\/ca\.example\/acct\/9 is deactivated, which is final\. Remove Secret shop\/account/u,
  );
  assert.deepEqual(readiness.acme, {});
});

test('the contact follows the spec, whatever the case of its letters', async () => {
  const issuer = new Issuer({
    acme: { email: 'Ops@Example.test' },
    ca: (ca) => register(ca, 'ops@example.test'),
  });
  assert.equal((await issuer.check()).ready, true);
  assert.equal(issuer.ca.count('updateContact'), 0);
  const other = new Issuer({
    acme: { email: 'new@example.test' },
    ca: (ca) => register(ca, 'old@example.test'),
  });
  const { acme } = await other.check();
  assert.equal(acme?.lastRegisteredEmail, 'new@example.test');
  assert.equal(other.ca.count('updateContact mailto:new@example.test'), 1);
});

test('the digest of an RSA key is that of PKCS#1, as the status of cert-manager has it', () => {
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const secret = (pem: string): Secret => ({ data: { 'tls.key': base64(pem) } });
  const pkcs1 = accountKeyIn(secret(encodePrivateKey(key, 'PKCS1')), 'tls.key');
  const pkcs8 = accountKeyIn(secret(encodePrivateKey(key, 'PKCS8')), 'tls.key');
  assert.equal(pkcs1?.fingerprint, pkcs8?.fingerprint);
  assert.equal(accountKeyIn({}, 'tls.key'), undefined);
});

test('a solver that this process does not serve is told before an account is registered', async () => {
  const issuer = new Issuer({
    acme: { solvers: [{ http01: { listener: {} } }, { dns01: { exec: { name: 'x' } } }] },
  });
  issuer.acme.solverObjection = ({ dns01 }) => (dns01 === undefined ? undefined : 'no programs here');
  const { ready, reason, message, retry } = await issuer.check();
  assert.deepEqual([ready, reason, retry], [false, 'InvalidSolver', false]);
  assert.equal(message, 'spec.acme.solvers[1]: no programs here');
  assert.equal(issuer.ca.accounts.size, 0);
});
