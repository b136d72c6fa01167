/** Private key generation in the thread pool, RSA limited to what the cores can do at once. */
import { generateKeyPair, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { KeyError } from './errors.ts';

/** What to generate: `spec.privateKey` of a Certificate; absent values take the defaults of api.md §6. */
export interface KeyRequest {
  algorithm?: string;
  size?: number;
}

export interface KeyGenerator {
  /** @throws KeyError for an algorithm or size that is not in api.md §6 */
  generate(request: KeyRequest): Promise<KeyObject>;
  /** RSA generations waiting for a slot. */
  readonly waiting: number;
}

export type KeyAlgorithm = 'RSA' | 'ECDSA' | 'Ed25519';

export interface KeySpec {
  algorithm: KeyAlgorithm;
  /** Bits; 0 for Ed25519. */
  size: number;
}

const curves: Readonly<Record<number, string>> = { 256: 'prime256v1', 384: 'secp384r1', 521: 'secp521r1' };

/** Node's name of the curve with that size. */
export function curveOfSize(size: number): string | undefined {
  return curves[size];
}

/** Applies the defaults (RSA, 2048 bits, P-256) and refuses what cannot be generated. */
export function keySpecOf(request: KeyRequest): KeySpec {
  const algorithm = request.algorithm || 'RSA';
  const asked = request.size ?? 0;
  switch (algorithm) {
    case 'RSA': {
      const size = asked > 0 ? asked : 2048;
      if (!Number.isInteger(size) || size < 2048 || size > 8192) {
        throw new KeyError(`RSA keys have between 2048 and 8192 bits, not ${size}`);
      }
      return { algorithm, size };
    }
    case 'ECDSA': {
      const size = asked > 0 ? asked : 256;
      if (curves[size] === undefined) throw new KeyError(`ECDSA keys have 256, 384 or 521 bits, not ${size}`);
      return { algorithm, size };
    }
    case 'Ed25519':
      return { algorithm, size: 0 };
    default:
      throw new KeyError(`"${algorithm.slice(0, 64)}" is not a key algorithm: use RSA, ECDSA or Ed25519`);
  }
}

/**
 * Generates one key at once; see {@link createKeyGenerator} for many. P-256 keys are made in this thread: 20 us, where the
 * way to the thread pool and back takes 45 us, and longer while all of its threads search for primes.
 */
export function generateKey(request: KeyRequest): Promise<KeyObject> {
  return new Promise((resolve, reject) => {
    const { algorithm, size } = keySpecOf(request);
    if (algorithm === 'ECDSA' && size === 256) {
      resolve(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey);
      return;
    }
    const done = (error: Error | null, _publicKey: KeyObject, privateKey: KeyObject): void => {
      if (error) reject(new KeyError(`Generating a ${algorithm} key failed`, { cause: error }));
      else resolve(privateKey);
    };
    if (algorithm === 'RSA') generateKeyPair('rsa', { modulusLength: size }, done);
    else if (algorithm === 'ECDSA') generateKeyPair('ec', { namedCurve: curves[size] ?? '' }, done);
    else generateKeyPair('ed25519', undefined, done);
  });
}

/**
 * A generator that runs at most `concurrency` RSA generations at once (default: the cores). More would not be faster
 * and would hold every thread of the pool for tens of milliseconds, so that file and elliptic-curve work waits.
 * Waiting requests are served in order.
 */
export function createKeyGenerator(options: { concurrency?: number } = {}): KeyGenerator {
  return new LimitedKeyGenerator(Math.max(1, options.concurrency ?? availableParallelism()));
}

class LimitedKeyGenerator implements KeyGenerator {
  readonly #limit: number;
  readonly #queue: (() => void)[] = [];
  #running = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  async generate(request: KeyRequest): Promise<KeyObject> {
    const { algorithm } = keySpecOf(request);
    if (algorithm !== 'RSA') return generateKey(request);
    if (this.#running >= this.#limit) await new Promise<void>((resolve) => this.#queue.push(resolve));
    else this.#running++;
    try {
      return await generateKey(request);
    } finally {
      // A waiting request takes over the slot, so the count stays.
      const next = this.#queue.shift();
      if (next) next();
      else this.#running--;
    }
  }
}
