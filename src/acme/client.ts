/** The calls of RFC 8555 and RFC 9773, each one message or two over a session. */
import type {
  AcmeAccount,
  AcmeAuthorization,
  AcmeChallenge,
  AcmeClient,
  AcmeDirectory,
  AcmeOrder,
  CallOptions,
  ExternalAccount,
  NewOrder,
  RenewalInfo,
  RevocationReason,
} from './acme-client.ts';
import { readAccountKey } from './account-key.ts';
import { links, location, retryAfter } from './answer-headers.ts';
import { maxChainBytes, readChain } from './certificate-chain.ts';
import { keyAuthorization } from './challenge-values.ts';
import type { AcmeAction } from './create-client.ts';
import { withDeadline } from './deadline.ts';
import { AcmeError, AcmeProfileError, AcmeProtocolError } from './errors.ts';
import { bindExternalAccount, keyChange } from './jws.ts';
import {
  parseAccount,
  parseAuthorization,
  parseChallenge,
  parseOrder,
  parseOrderList,
  parseRenewalInfo,
} from './resources.ts';
import { transportError, type Answer } from './round-trip.ts';
import { callTimeoutMs, type Call, type Session } from './session.ts';

export class Client implements AcmeClient {
  readonly thumbprint: string;
  readonly #session: Session;
  readonly #close: () => Promise<void>;

  constructor(session: Session, close: () => Promise<void>) {
    this.#session = session;
    this.#close = close;
    this.thumbprint = session.key.thumbprint;
  }

  keyAuthorization(token: string): string {
    return keyAuthorization(token, this.thumbprint);
  }

  directory(options?: CallOptions): Promise<AcmeDirectory> {
    return this.#run('discover', options, (call) => this.#session.directory(call));
  }

  register(
    account: { contact: readonly string[]; externalAccount?: ExternalAccount },
    options?: CallOptions,
  ): Promise<AcmeAccount> {
    return this.#run('register_account', options, async (call) => {
      const { newAccount, termsOfService } = await this.#session.directory(call);
      const { contact, externalAccount } = account;
      const payload = {
        ...(termsOfService === undefined ? {} : { termsOfServiceAgreed: true }),
        ...(contact.length === 0 ? {} : { contact }),
        ...(externalAccount === undefined
          ? {}
          : {
              externalAccountBinding: await bindExternalAccount(
                externalAccount,
                this.#session.key,
                newAccount,
              ),
            }),
      };
      const { url, answer } = await this.#session.newAccount(payload, call);
      return parseAccount(answer.body, url);
    });
  }

  findAccount(options?: CallOptions): Promise<AcmeAccount> {
    return this.#run('get_registration', options, async (call) => {
      const { url, answer } = await this.#session.newAccount({ onlyReturnExisting: true }, call);
      return parseAccount(answer.body, url);
    });
  }

  updateContact(contact: readonly string[], options?: CallOptions): Promise<AcmeAccount> {
    // Always sent, so that the last address can be taken away, too.
    return this.#updateAccount('update_registration', { contact }, options);
  }

  deactivateAccount(options?: CallOptions): Promise<AcmeAccount> {
    return this.#updateAccount('deactivate_registration', { status: 'deactivated' }, options);
  }

  #updateAccount(action: AcmeAction, change: unknown, options?: CallOptions): Promise<AcmeAccount> {
    return this.#run(action, options, async (call) => {
      const url = await this.#session.accountUrl(call);
      return parseAccount((await this.#session.post(url, change, call)).body, url);
    });
  }

  changeKey(newPrivateKeyPem: string, options?: CallOptions): Promise<void> {
    return this.#run('change_key', options, async (call) => {
      const newKey = readAccountKey(newPrivateKeyPem);
      const url = offered((await this.#session.directory(call)).keyChange, 'keyChange');
      const account = await this.#session.accountUrl(call);
      await this.#session.post(url, await keyChange(newKey, this.#session.key, account, url), call);
    });
  }

  newOrder(order: NewOrder, options?: CallOptions): Promise<AcmeOrder> {
    return this.#run('authorize_order', options, async (call) => {
      const directory = await this.#session.directory(call);
      const { profile, replaces, notAfter } = order;
      if (profile !== undefined && !Object.hasOwn(directory.profiles ?? {}, profile))
        throw new AcmeProfileError(profile, directory.profiles && Object.keys(directory.profiles));
      // Whole seconds: not every CA reads fractions, and certificates have none.
      const payload = {
        identifiers: order.identifiers.map(({ type, value }) => ({ type, value })),
        ...(notAfter === undefined ? {} : { notAfter: `${new Date(notAfter).toISOString().slice(0, 19)}Z` }),
        ...(profile === undefined ? {} : { profile }),
        // RFC 9773 §5: only to those who speak of renewal information.
        ...(replaces === undefined || directory.renewalInfo === undefined ? {} : { replaces }),
      };
      const answer = await this.#session.post(directory.newOrder, payload, call);
      const url = location(answer.headers, directory.newOrder);
      if (url === undefined)
        throw new AcmeProtocolError("The CA's answer names no order (Location)", { status: answer.status });
      return this.#order(answer, url);
    });
  }

  order(url: string, options?: CallOptions): Promise<AcmeOrder> {
    return this.#run('get_order', options, async (call) =>
      this.#order(await this.#session.post(url, undefined, call), url),
    );
  }

  listOrders(options?: CallOptions): Promise<readonly string[] | undefined> {
    return this.#run('list_orders', options, async (call) => {
      const account = await this.#session.newAccount({ onlyReturnExisting: true }, call);
      let next = parseAccount(account.answer.body, account.url).orders;
      if (next === undefined) return undefined;
      const found = new Set<string>();
      for (let pages = 0; next !== undefined && pages < maxPages && found.size < maxListedOrders; pages++) {
        const at: string = next;
        const answer = await this.#session.post(at, undefined, call);
        for (const url of parseOrderList(answer.body, at)) found.add(url);
        next = links(answer.headers, 'next', at)[0];
      }
      return [...found].slice(0, maxListedOrders);
    });
  }

  finalize(url: string, csr: Uint8Array, options?: CallOptions): Promise<AcmeOrder> {
    return this.#run('create_order_cert', options, async (call) => {
      const answer = await this.#session.post(url, { csr: base64url(csr) }, call);
      // RFC 8555 §7.4 does not ask for a Location here; callers know the order's URL.
      return this.#order(answer, location(answer.headers, url) ?? url);
    });
  }

  #order(answer: Answer, url: string): AcmeOrder {
    return parseOrder(answer.body, url, url, this.#retryAt(answer));
  }

  authorization(url: string, options?: CallOptions): Promise<AcmeAuthorization> {
    return this.#authorization('get_authorization', url, undefined, options);
  }

  deactivateAuthorization(url: string, options?: CallOptions): Promise<AcmeAuthorization> {
    return this.#authorization('deactivate_authorization', url, { status: 'deactivated' }, options);
  }

  #authorization(
    action: AcmeAction,
    url: string,
    change: unknown,
    options?: CallOptions,
  ): Promise<AcmeAuthorization> {
    return this.#run(action, options, async (call) => {
      const answer = await this.#session.post(url, change, call);
      return parseAuthorization(answer.body, url, url, this.#retryAt(answer));
    });
  }

  acceptChallenge(url: string, options?: CallOptions): Promise<AcmeChallenge> {
    return this.#run('accept_challenge', options, async (call) =>
      parseChallenge((await this.#session.post(url, {}, call)).body, url),
    );
  }

  certificate(url: string, options?: CallOptions): Promise<{ chain: string; alternates: readonly string[] }> {
    return this.#run('fetch_cert', options, async (call) => {
      const answer = await this.#session.post(url, undefined, call, {
        accept: 'application/pem-certificate-chain',
        maxBytes: maxChainBytes,
      });
      const alternates = links(answer.headers, 'alternate', url).filter((alternate) => alternate !== url);
      return { chain: readChain(answer.body), alternates: alternates.slice(0, maxAlternates) };
    });
  }

  revoke(
    certificate: Uint8Array,
    reason?: RevocationReason,
    options?: CallOptions & { byKey?: boolean },
  ): Promise<void> {
    return this.#run('revoke_cert', options, async (call) => {
      const url = offered((await this.#session.directory(call)).revokeCert, 'revokeCert');
      const payload = { certificate: base64url(certificate), ...(reason === undefined ? {} : { reason }) };
      await this.#session.post(url, payload, call, { byKey: options?.byKey === true });
    });
  }

  renewalInfo(certId: string, options?: CallOptions): Promise<RenewalInfo | undefined> {
    return this.#run('get_renewal_info', options, async (call) => {
      const { renewalInfo } = await this.#session.directory(call);
      if (renewalInfo === undefined) return undefined;
      const answer = await this.#session.get(
        `${renewalInfo.replace(/\/$/u, '')}/${encodeURIComponent(certId)}`,
        call,
      );
      return parseRenewalInfo(answer.body, retryAfter(answer.headers, this.#session.now));
    });
  }

  close(): Promise<void> {
    return this.#close();
  }

  #retryAt(answer: Answer): number | undefined {
    const waitMs = retryAfter(answer.headers, this.#session.now);
    return waitMs === undefined ? undefined : this.#session.now + waitMs;
  }

  /** One call: its time, and its errors as this room's. */
  async #run<T>(
    action: AcmeAction,
    options: CallOptions | undefined,
    work: (call: Call) => Promise<T>,
  ): Promise<T> {
    return await withDeadline(callTimeoutMs, options?.signal, async (signal) => {
      try {
        return await work({ action, signal });
      } catch (error) {
        if (error instanceof AcmeError || !signal.aborted) throw error;
        throw transportError(error, action, signal);
      }
    });
  }
}

const maxAlternates = 10;
/** CAs may put as few orders on a page as they like; a call has to end. */
const maxPages = 200;
const maxListedOrders = 10_000;
const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');

function offered(url: string | undefined, name: string): string {
  if (url !== undefined) return url;
  throw new AcmeProtocolError(`The CA does not offer ${name}`);
}
