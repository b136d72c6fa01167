/** An ACME CA in memory behind the client's contract: counts what is asked of it, and fails as a test wants it to. */
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type {
  AcmeAccount,
  AcmeAuthorization,
  AcmeClient,
  AcmeDirectory,
  AcmeOrder,
  NewOrder,
} from '../../acme/acme-client.ts';
import { acmeErrorPrefix, AcmeProblemError } from '../../acme/errors.ts';
import type { Order } from '../../api/order.ts';
import type { AccountSettings, OpenAccount } from '../../issuers/acme/account-shelf.ts';
import { encodePem } from '../../pki/pem.ts';
import { certificateFromRequest } from '../../pki/x509/certificate-from-request.ts';
import { createCsr } from '../../pki/x509/create-csr.ts';
import { parseCertificate } from '../../pki/x509/parse-certificate.ts';
import { parseCsr } from '../../pki/x509/parse-csr.ts';
import { createSigner } from '../../pki/x509/sign-certificate.ts';

export const fakeServer = 'https://ca.example/dir';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
interface Kept {
  order: Mutable<AcmeOrder>;
  csr?: Buffer;
}

/** A problem document of that type, such as `rateLimited`. */
export function problem(status: number, type: string, detail: string, retryAt?: number): AcmeProblemError {
  const document = { type: acmeErrorPrefix + type, detail, status, subproblems: [] };
  return new AcmeProblemError(document, { status, ...(retryAt === undefined ? {} : { retryAt }) });
}

export class FakeCa {
  /** Every call, as `newOrder a.example` or `order https://…`. */
  readonly calls: string[] = [];
  readonly orders: Kept[] = [];
  readonly authorizations = new Map<string, Mutable<AcmeAuthorization>>();
  readonly accounts = new Map<string, Mutable<AcmeAccount>>();
  directory: AcmeDirectory = {
    newNonce: 'https://ca.example/nonce',
    newAccount: 'https://ca.example/account',
    newOrder: 'https://ca.example/order',
    externalAccountRequired: false,
    caaIdentities: [],
  };
  /** Looked at before each call; what it throws is what the caller gets. */
  onCall: (call: string) => void = () => undefined;
  /** Told after the CA has done what was asked, before the caller hears of it. */
  afterCall: (call: string) => void = () => undefined;
  /** Names that need no challenge. */
  readonly validNames = new Set<string>();
  /** Whether it answers with the pending order of an account for the same names, as Let's Encrypt does. */
  reusesOrders = false;
  /** Whether it lists the orders of an account (RFC 8555 §7.1.2.1). */
  listsOrders = true;
  /** So many more authorizations than an order has names. */
  surplus = 0;
  /** Orders stay in processing until this is false. */
  slow = false;
  /** Milliseconds since the epoch; for certificates. */
  now: () => number;
  readonly #rootKey: KeyObject;
  #rootPem = '';
  #count = 0;

  constructor(now: () => number) {
    this.now = now;
    this.#rootKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  }

  /** For `startControllers({ openAccount })`. */
  readonly open: OpenAccount = (settings) => this.#client(settings);

  /** How often a call was made. */
  count(call: string): number {
    return this.calls.filter((each) => each.startsWith(call)).length;
  }

  /** Knows an order that another process has placed, with all its authorizations still open. */
  adopt({ spec, status }: Order): void {
    const { url = '', finalizeURL = '', authorizations = [] } = status ?? {};
    for (const each of authorizations)
      this.authorizations.set(each.url, {
        url: each.url,
        identifier: { type: 'dns', value: each.identifier ?? '' },
        status: 'pending',
        wildcard: each.wildcard ?? false,
        challenges: (each.challenges ?? []).map((one) => ({ ...one, status: 'pending' })),
      });
    this.orders.push({
      order: {
        url,
        status: 'pending',
        identifiers: (spec.dnsNames ?? []).map((value) => ({ type: 'dns', value })),
        authorizations: authorizations.map((each) => each.url),
        finalize: finalizeURL,
      },
    });
  }

  /** What a person or a Challenge controller would bring about. */
  validate(name: string, status: 'valid' | 'invalid' = 'valid'): void {
    for (const authorization of this.authorizations.values())
      if (authorization.identifier.value === name) authorization.status = status;
    for (const { order } of this.orders) this.#refresh(order);
  }

  #refresh(order: Mutable<AcmeOrder>): void {
    if (order.status !== 'pending') return;
    const states = order.authorizations.map((url) => this.authorizations.get(url)?.status);
    if (states.some((state) => state === 'invalid' || state === 'deactivated')) order.status = 'invalid';
    else if (states.every((state) => state === 'valid')) order.status = 'ready';
  }

  async #call<T>(name: string, act: () => T | Promise<T>): Promise<T> {
    this.calls.push(name);
    this.onCall(name);
    const answer = await act();
    this.afterCall(name);
    return answer;
  }

  #client(settings: AccountSettings): AcmeClient {
    const thumbprintOf = (pem: string): string => createHash('sha256').update(pem).digest('base64url');
    const thumbprint = thumbprintOf(settings.privateKey);
    const find = (): AcmeAccount => {
      const account = this.accounts.get(thumbprint);
      if (account === undefined) throw problem(400, 'accountDoesNotExist', 'no such account');
      return account;
    };
    const orderAt = (url: string): Kept => {
      const kept = this.orders.find(({ order }) => order.url === url);
      if (kept === undefined) throw problem(404, 'malformed', 'no such order');
      return kept;
    };
    return {
      thumbprint,
      keyAuthorization: (token) => `${token}.${thumbprint}`,
      directory: () => this.#call('directory', () => this.directory),
      register: ({ contact, externalAccount }) =>
        this.#call('register', () => {
          const known = this.accounts.get(thumbprint);
          if (known !== undefined) return known;
          if (this.directory.externalAccountRequired && externalAccount === undefined)
            throw problem(400, 'externalAccountRequired', 'bind it');
          const account = {
            url: `https://ca.example/acct/${this.accounts.size + 1}`,
            status: 'valid' as const,
            contact,
          };
          this.accounts.set(thumbprint, account);
          return account;
        }),
      findAccount: () => this.#call('findAccount', find),
      updateContact: (contact) =>
        this.#call(`updateContact ${contact.join(' ')}`, () => Object.assign(find(), { contact })),
      deactivateAccount: () =>
        this.#call('deactivateAccount', () => Object.assign(find(), { status: 'deactivated' })),
      changeKey: (pem) =>
        this.#call('changeKey', () => {
          this.accounts.set(thumbprintOf(pem), find());
          this.accounts.delete(thumbprint);
        }),
      newOrder: (ask) =>
        this.#call(`newOrder ${ask.identifiers.map(({ value }) => value).join(' ')}`, () => {
          if (find().status !== 'valid') throw problem(403, 'unauthorized', 'the account is closed');
          return this.#order(ask);
        }),
      order: (url) =>
        this.#call(`order ${url}`, async () => {
          const kept = orderAt(url);
          if (kept.order.status === 'processing' && !this.slow) await this.#issue(kept);
          return { ...kept.order };
        }),
      listOrders: () =>
        this.#call('listOrders', () =>
          this.listsOrders
            ? this.orders.filter(({ order }) => order.status !== 'invalid').map(({ order }) => order.url)
            : undefined,
        ),
      authorization: (url) =>
        this.#call(`authorization ${url}`, () => {
          const found = this.authorizations.get(url);
          if (found === undefined) throw problem(404, 'malformed', 'no such authorization');
          return { ...found };
        }),
      deactivateAuthorization: (url) =>
        this.#call(`deactivate ${url}`, () => {
          const found = this.authorizations.get(url)!;
          if (found.status === 'pending') found.status = 'deactivated';
          return { ...found };
        }),
      acceptChallenge: (url) =>
        this.#call(`accept ${url}`, () => ({ url, type: 'http-01', status: 'processing', token: '' })),
      finalize: (url, csr) =>
        this.#call(`finalize ${url}`, async () => {
          const kept = this.orders.find(({ order }) => order.finalize === url)!;
          if (kept.order.status !== 'ready')
            throw problem(403, 'orderNotReady', `it is ${kept.order.status}`);
          kept.csr = Buffer.from(csr);
          kept.order.status = 'processing';
          if (!this.slow) await this.#issue(kept);
          return { ...kept.order };
        }),
      certificate: (url) =>
        this.#call(`certificate ${url}`, async () => {
          const kept = this.orders.find(({ order }) => order.certificate === url)!;
          const chain = await this.#sign(kept.csr!);
          return { chain: chain + (await this.root()), alternates: [] };
        }),
      revoke: () => this.#call('revoke', () => undefined),
      renewalInfo: () => this.#call('renewalInfo', () => undefined),
      close: () => Promise.resolve(),
    };
  }

  #order({ identifiers, profile, replaces }: NewOrder): AcmeOrder {
    const asText = (all: NewOrder['identifiers']): string => JSON.stringify(all.map(({ value }) => value));
    const pending = this.orders.find(
      ({ order }) => order.status === 'pending' && asText(order.identifiers) === asText(identifiers),
    );
    if (this.reusesOrders && pending !== undefined) return { ...pending.order };
    const number = ++this.#count;
    const authorizations = identifiers.map((identifier, index) => {
      const url = `https://ca.example/authz/${number}-${index}`;
      const base = identifier.value.replace(/^\*\./u, '');
      const wildcard = base !== identifier.value;
      const types = wildcard ? ['dns-01'] : ['http-01', 'dns-01', 'tls-alpn-01'];
      this.authorizations.set(url, {
        url,
        identifier: { type: identifier.type, value: base },
        status: this.validNames.has(identifier.value) ? 'valid' : 'pending',
        wildcard,
        challenges: types.map((type) => ({
          url: `${url}/${type}`,
          type,
          status: 'pending',
          token: `token-${number}-${index}-${type}`,
        })),
      });
      return url;
    });
    for (let index = 0; index < this.surplus; index++)
      authorizations.push(`https://ca.example/authz/${number}-surplus-${index}`);
    const order: Mutable<AcmeOrder> = {
      url: `https://ca.example/order/${number}`,
      status: 'pending',
      identifiers,
      authorizations,
      finalize: `https://ca.example/finalize/${number}`,
      ...(profile === undefined ? {} : { profile }),
      ...(replaces === undefined ? {} : { replaces }),
    };
    this.orders.push({ order });
    this.#refresh(order);
    return { ...order };
  }

  async #issue({ order }: Kept): Promise<void> {
    await this.root();
    order.status = 'valid';
    order.certificate = order.url.replace('order', 'cert');
  }

  async #sign(csr: Buffer): Promise<string> {
    const signer = createSigner(this.#rootKey, parseCertificate(await this.root()));
    const der = await certificateFromRequest({ csr: parseCsr(csr), now: this.now() }, signer);
    return encodePem('CERTIFICATE', der);
  }

  /** PEM. */
  async root(): Promise<string> {
    if (this.#rootPem === '') {
      const csr = parseCsr(createCsr({ commonName: 'Fake Root', isCA: true }, this.#rootKey));
      const ask = { csr, now: this.now(), isCA: true, duration: 10 * 365 * 24 * 3_600_000 };
      this.#rootPem = encodePem(
        'CERTIFICATE',
        await certificateFromRequest(ask, createSigner(this.#rootKey)),
      );
    }
    return this.#rootPem;
  }
}
