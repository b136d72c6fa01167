/** A CA in memory: authorizations that a test moves along, and calls that it makes fail. */
import { createHash, createPublicKey } from 'node:crypto';
import type {
  AcmeAuthorization,
  AcmeChallenge,
  AcmeClient,
  AcmeProblem,
} from '../../../src/acme/acme-client.ts';
import { AcmeProblemError } from '../../../src/acme/errors.ts';
import type { OpenAccount } from '../../../src/issuers/acme/account-shelf.ts';

export const origin = 'https://ca.example';

export const problem = (type: string, detail = 'told by the CA', status = 403): AcmeProblem => ({
  type: `urn:ietf:params:acme:error:${type}`,
  detail,
  status,
  subproblems: [],
});

export function refusal(status: number, type: string, retryAt?: number): AcmeProblemError {
  return new AcmeProblemError(problem(type, `the CA says ${status}`, status), {
    status,
    ...(retryAt === undefined ? {} : { retryAt }),
  });
}

type Mutable<T> = { -readonly [Field in keyof T]: T[Field] };

export class FakeCa {
  readonly authorizations = new Map<
    string,
    Mutable<AcmeAuthorization> & { challenges: Mutable<AcmeChallenge>[] }
  >();
  /** `get <authorization>`, `accept <challenge>`, in order. */
  readonly calls: string[] = [];
  /** What the next calls reject with, one each. */
  readonly faults: unknown[] = [];
  /** What becomes of a challenge that is accepted. */
  verdict: 'valid' | 'invalid' | 'never' = 'valid';
  accounts = 0;

  /** An authorization with a challenge of each type. */
  authorize(name: string, types: readonly string[], wildcard = false): string {
    const id = `${name}${wildcard ? '-wild' : ''}`;
    const url = `${origin}/authz/${id}`;
    this.authorizations.set(url, {
      url,
      identifier: { type: 'dns', value: name },
      status: 'pending',
      wildcard,
      challenges: types.map((type) => ({
        url: `${origin}/chall/${id}/${type}`,
        type,
        status: 'pending',
        token: `token_${id.replaceAll('.', '_')}_${type}`,
      })),
    });
    return url;
  }

  of(name: string): Mutable<AcmeAuthorization> & { challenges: Mutable<AcmeChallenge>[] } {
    const found = this.authorizations.get(`${origin}/authz/${name}`);
    if (found === undefined) throw new Error(`no authorization of ${name}`);
    return found;
  }

  count(call: string): number {
    return this.calls.filter((one) => one.startsWith(call)).length;
  }

  readonly openAccount: OpenAccount = ({ privateKey }) => {
    this.accounts++;
    const { kty, n, e } = createPublicKey(privateKey).export({ format: 'jwk' });
    const thumbprint = createHash('sha256').update(JSON.stringify({ e, kty, n })).digest('base64url');
    const client: Pick<
      AcmeClient,
      | 'thumbprint'
      | 'keyAuthorization'
      | 'authorization'
      | 'acceptChallenge'
      | 'register'
      | 'directory'
      | 'close'
    > = {
      thumbprint,
      keyAuthorization: (token) => `${token}.${thumbprint}`,
      authorization: (url) => this.#answer(`get ${url}`, () => this.#authorization(url)),
      acceptChallenge: (url) => this.#answer(`accept ${url}`, () => this.#accept(url)),
      register: () => Promise.resolve({ url: `${origin}/account/1`, status: 'valid', contact: [] }),
      directory: () =>
        Promise.resolve({
          newNonce: `${origin}/nonce`,
          newAccount: `${origin}/account`,
          newOrder: `${origin}/order`,
          caaIdentities: [],
          externalAccountRequired: false,
        }),
      close: () => Promise.resolve(),
    };
    return client as AcmeClient;
  };

  async #answer<T>(call: string, answer: () => T): Promise<T> {
    this.calls.push(call);
    await Promise.resolve();
    const fault = this.faults.shift();
    if (fault !== undefined) throw fault;
    return answer();
  }

  #authorization(url: string): AcmeAuthorization {
    const found = this.authorizations.get(url);
    if (found === undefined) throw refusal(404, 'malformed');
    return structuredClone(found);
  }

  #accept(url: string): AcmeChallenge {
    for (const authorization of this.authorizations.values()) {
      const challenge = authorization.challenges.find((one) => one.url === url);
      if (challenge === undefined) continue;
      if (authorization.status !== 'pending') throw refusal(400, 'malformed');
      challenge.status = 'processing';
      const answer = structuredClone(challenge);
      if (this.verdict === 'never') return answer;
      challenge.status = authorization.status = this.verdict;
      if (this.verdict === 'invalid') challenge.error = problem('unauthorized', 'the answer was another one');
      return answer;
    }
    throw refusal(404, 'malformed');
  }
}
