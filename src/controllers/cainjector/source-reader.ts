/** Reads CAs from where targets say, once for each version of a Secret however many targets want it (spec §20, §21). */
import { allowDirectInjection, certificateName } from '../../api/annotations.ts';
import type { Secret } from '../../api/core.ts';
import type { KubeObject } from '../../api/meta.ts';
import { secrets } from '../../api/resources.ts';
import { cacheKey, type Cache } from '../../kube/cache.ts';
import type { KubeClient } from '../../kube/client.ts';
import { NotFoundError } from '../../kube/errors.ts';
import { longestBundle } from './merge-bundle.ts';
import type { CainjectorOptions } from './options.ts';
import type { Source } from './source.ts';

/** A Secret as it is watched: metadata only. */
export interface SecretMark {
  namespace: string;
  resourceVersion: string;
  /** Targets may name it directly. */
  direct: boolean;
  /** The Certificate that it belongs to; empty for none. */
  certificate: string;
}

export function trimSecretMark({ metadata }: KubeObject): SecretMark {
  const { namespace = '', resourceVersion = '', annotations } = metadata ?? {};
  return {
    namespace,
    resourceVersion,
    direct: annotations?.[allowDirectInjection] === 'true',
    certificate: annotations?.[certificateName] ?? '',
  };
}

/** A Certificate as it is watched. */
export interface CertificateMark {
  namespace: string;
  name: string;
  secretName: string;
}

/** `pem` is unread: it may be anything. `why` says what is to be done, and no retry helps before it is. */
export type SourceRead = { pem: Buffer } | { why: string };

export interface SourceReaderDeps {
  client: KubeClient;
  options: Pick<CainjectorOptions, 'namespace' | 'ignoreNamespaces' | 'certificates'>;
  secrets: Cache<SecretMark>;
  certificates: Cache<CertificateMark>;
  /** PEM; undefined when the connection trusts no CA of its own. */
  serverCa: () => Promise<string | undefined>;
}

interface Memo {
  /** The version that the watch showed when it was read, and the one that was read. */
  versions: ReadonlySet<string>;
  secret: Pick<Secret, 'data'> & SecretMark;
}

const mostMemos = 256;

export class SourceReader {
  readonly #deps: SourceReaderDeps;
  readonly #memos = new Map<string, Memo | Promise<Memo | undefined>>();

  constructor(deps: SourceReaderDeps) {
    this.#deps = deps;
  }

  /** Rejects when the API cannot answer: then trying again helps. */
  async read(source: Source): Promise<SourceRead> {
    if (source.kind === 'invalid') {
      const value = JSON.stringify(source.value.slice(0, 128));
      return { why: `annotation ${source.annotation}: ${value} is not <namespace>/<name>` };
    }
    if (source.kind === 'apiserver') {
      const pem = await this.#deps.serverCa();
      if (pem === undefined || pem === '')
        return { why: 'our own connection to the API server names no CA: its data cannot be injected' };
      return { pem: Buffer.from(pem) };
    }
    const { namespace, name } = source;
    const { options } = this.#deps;
    if (options.ignoreNamespaces.includes(namespace) || (options.namespace ?? namespace) !== namespace)
      return { why: `namespace ${namespace} is not served (--namespace, --ignore-namespaces)` };
    return source.kind === 'secret' ? this.#direct(namespace, name) : this.#behind(namespace, name);
  }

  async #direct(namespace: string, name: string): Promise<SourceRead> {
    const refusal = (mark: SecretMark): string | undefined =>
      mark.direct
        ? undefined
        : `Secret ${namespace}/${name} does not allow it: annotation ${allowDirectInjection} must be "true"`;
    return this.#caOf(namespace, name, refusal);
  }

  async #behind(namespace: string, name: string): Promise<SourceRead> {
    if (!this.#deps.options.certificates)
      return { why: 'Certificates are no sources here (--enable-certificates-data-source=false)' };
    const certificate = this.#deps.certificates.get(cacheKey(namespace, name));
    if (certificate === undefined)
      return { why: `Certificate ${namespace}/${name} not found; the CA is injected when it appears` };
    const { secretName } = certificate;
    // Whoever may write a Certificate, but no Secret, must not be able to point at the Secret of another.
    const refusal = (mark: SecretMark): string | undefined =>
      mark.certificate === name
        ? undefined
        : `Secret ${namespace}/${secretName} belongs to ${mark.certificate === '' ? 'no Certificate' : `Certificate "${mark.certificate.slice(0, 253)}"`} by its annotation ${certificateName}, not to "${name}"`;
    return this.#caOf(namespace, secretName, refusal);
  }

  async #caOf(
    namespace: string,
    name: string,
    refusal: (mark: SecretMark) => string | undefined,
  ): Promise<SourceRead> {
    const missing = `Secret ${namespace}/${name} not found; the CA is injected when it appears`;
    const key = cacheKey(namespace, name);
    const mark = this.#deps.secrets.get(key);
    if (mark === undefined) return { why: missing };
    // Before it is read: what nobody allowed is not even fetched.
    const early = refusal(mark);
    if (early !== undefined) return { why: early };
    const memo = await this.#get(key, mark.resourceVersion, { namespace, name });
    if (memo === undefined) return { why: missing };
    const late = refusal(memo.secret);
    if (late !== undefined) return { why: late };
    const ca = memo.secret.data?.['ca.crt'] ?? '';
    if (ca === '') return { why: `Secret ${namespace}/${name} has no ca.crt` };
    const pem = Buffer.from(ca, 'base64');
    if (pem.length > longestBundle)
      return { why: `ca.crt of Secret ${namespace}/${name} is longer than ${longestBundle} bytes` };
    return { pem };
  }

  async #get(key: string, seen: string, at: { namespace: string; name: string }): Promise<Memo | undefined> {
    const known = this.#memos.get(key);
    // Whoever comes while it is being read waits for the same answer, and looks again whether it is new enough.
    const memo = known instanceof Promise ? await known : known;
    if (memo?.versions.has(seen) === true) return memo;
    const other = this.#memos.get(key);
    if (other instanceof Promise && other !== known) return this.#get(key, seen, at);
    const reading = this.#fetch(seen, at);
    this.#memos.delete(key);
    this.#memos.set(key, reading);
    const [oldest] = this.#memos.keys();
    if (this.#memos.size > mostMemos && oldest !== undefined) this.#memos.delete(oldest);
    let fresh: Memo | undefined;
    try {
      fresh = await reading;
    } finally {
      if (this.#memos.get(key) === reading) {
        if (fresh === undefined) this.#memos.delete(key);
        else this.#memos.set(key, fresh);
      }
    }
    return fresh;
  }

  async #fetch(seen: string, at: { namespace: string; name: string }): Promise<Memo | undefined> {
    try {
      const secret = await this.#deps.client.get<Secret>(secrets, at);
      const mark = trimSecretMark(secret);
      const ca = secret.data?.['ca.crt'];
      // Nothing of a Secret is kept but what is going to be public.
      return {
        versions: new Set([seen, mark.resourceVersion]),
        secret: { ...mark, ...(ca === undefined ? {} : { data: { 'ca.crt': ca } }) },
      };
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    }
  }
}
