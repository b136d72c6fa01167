/** The clients of all ACME accounts of this process: one for each issuer, made from its account key (acme.md §3.3, client cache). */
import { createHash } from 'node:crypto';
import type { AcmeClient } from '../../acme/acme-client.ts';
import { AcmeConfigurationError } from '../../acme/errors.ts';
import type { AnyIssuer } from '../issuer.ts';
import type { AcmeAccounts } from './accounts.ts';
import type { AccountKey } from './account-key.ts';

/** What a client is made of. */
export interface AccountSettings {
  /** URL of the directory. */
  server: string;
  /** PEM. */
  privateKey: string;
  /** The account URL, where it is known: nothing has to be looked up then. */
  accountUrl?: string;
  /** PEM certificates that replace the system's roots. */
  caBundle?: string;
  skipTLSVerify: boolean;
}

/** Makes the client of one account. Must not touch the network. @throws AcmeConfigurationError for settings that cannot be used */
export type OpenAccount = (settings: AccountSettings) => AcmeClient;

export interface AccountShelfOptions {
  open: OpenAccount;
  /** The account key of an issuer: undefined when it is missing or unusable. Rejects when the API server cannot answer. */
  readKey(issuer: AnyIssuer): Promise<AccountKey | undefined>;
  /** Changes with everything that `readKey` may answer; undefined: not known, read again for every use. */
  keyVersion(issuer: AnyIssuer): string | undefined;
}

interface Entry {
  /** Digest of the settings without the key, and the fingerprint of the key. */
  settings: string;
  client: AcmeClient;
  /** `keyVersion` under which the key of `client` was read. */
  version: string | undefined;
}

export class AccountShelf implements AcmeAccounts {
  readonly #options: AccountShelfOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #distrusted = new Set<string>();
  /** Digests by the issuer as the cache holds it, which nobody changes: it is asked for with every call to the CA. */
  readonly #digests = new WeakMap<AnyIssuer, { accountUrl: string; digest: string }>();
  readonly #onDistrust: ((issuer: AnyIssuer) => void)[] = [];

  constructor(options: AccountShelfOptions) {
    this.#options = options;
  }

  async clientFor(issuer: AnyIssuer): Promise<AcmeClient | undefined> {
    const uid = issuer.metadata?.uid ?? '';
    const { acme, conditions } = issuer.status ?? {};
    const ready = conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
    if (!ready || acme?.uri === undefined || acme.uri === '') return undefined;
    const version = this.#options.keyVersion(issuer);
    const known = this.#entries.get(uid);
    if (known !== undefined && version !== undefined && known.version === version) {
      if (known.settings.startsWith(`${this.#digestOf(issuer, acme.uri)} `)) return known.client;
    }
    const key = await this.#options.readKey(issuer);
    // Whose key it was when the account was proven: another one belongs to no account that we know of.
    if (key === undefined || key.fingerprint !== acme.lastPrivateKeyHash) return undefined;
    try {
      return this.take(issuer, key, acme.uri, version);
    } catch (error) {
      // Settings that changed since the account was proven: the issuer's check is about to say what is wrong with them.
      if (error instanceof AcmeConfigurationError) return undefined;
      throw error;
    }
  }

  /** The client for these very settings: the one on the shelf, or a new one in its place. */
  take(issuer: AnyIssuer, key: AccountKey, accountUrl: string, version?: string): AcmeClient {
    const uid = issuer.metadata?.uid ?? '';
    const settings = `${this.#digestOf(issuer, accountUrl)} ${key.fingerprint}`;
    const known = this.#entries.get(uid);
    if (known?.settings === settings) {
      known.version = version;
      return known.client;
    }
    const client = this.open(issuer, key, accountUrl);
    this.#entries.set(uid, { settings, client, version });
    // Calls in flight of the old one end by themselves.
    void known?.client.close().catch(() => undefined);
    return client;
  }

  /** A client that nobody else gets: for registering, before the account is known. Whoever asks closes it. */
  open(issuer: AnyIssuer, key: AccountKey, accountUrl?: string): AcmeClient {
    const acme = issuer.spec.acme;
    return this.#options.open({
      server: acme?.server ?? '',
      privateKey: key.pem,
      skipTLSVerify: acme?.skipTLSVerify === true,
      ...(accountUrl === undefined ? {} : { accountUrl }),
      ...(acme?.caBundle === undefined || acme.caBundle === ''
        ? {}
        : { caBundle: Buffer.from(acme.caBundle, 'base64').toString('utf8') }),
    });
  }

  /** The CA does not know the account any more: whoever checks the issuer is asked to do it again, over the network. */
  distrust(issuer: AnyIssuer): void {
    const uid = issuer.metadata?.uid ?? '';
    if (this.#distrusted.has(uid)) return;
    this.forget(uid);
    this.#distrusted.add(uid);
    for (const handler of this.#onDistrust) handler(issuer);
  }

  /** Whether the account that the status names is in doubt. */
  isDistrusted(issuer: AnyIssuer): boolean {
    return this.#distrusted.has(issuer.metadata?.uid ?? '');
  }

  /** The account was looked up at the CA. */
  trust(issuer: AnyIssuer): void {
    this.#distrusted.delete(issuer.metadata?.uid ?? '');
  }

  /** `handler` must not throw. */
  onDistrust(handler: (issuer: AnyIssuer) => void): void {
    this.#onDistrust.push(handler);
  }

  forget(uid: string): void {
    const known = this.#entries.get(uid);
    this.#entries.delete(uid);
    this.#distrusted.delete(uid);
    void known?.client.close().catch(() => undefined);
  }

  #digestOf(issuer: AnyIssuer, accountUrl: string): string {
    let known = this.#digests.get(issuer);
    if (known?.accountUrl !== accountUrl) {
      known = { accountUrl, digest: digestOf(issuer, accountUrl) };
      this.#digests.set(issuer, known);
    }
    return known.digest;
  }
}

function digestOf(issuer: AnyIssuer, accountUrl: string): string {
  const { server, skipTLSVerify = false, caBundle = '', privateKeySecretRef } = issuer.spec.acme ?? {};
  const { name, key = '' } = privateKeySecretRef ?? {};
  const settings = JSON.stringify([server, skipTLSVerify, caBundle, name, key, accountUrl]);
  return createHash('sha256').update(settings).digest('base64');
}
