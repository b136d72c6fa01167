/** The RC2 block cipher (RFC 2268), which OpenSSL 3 no longer offers but old PKCS#12 readers still expect. */

// The permutation of 0…255 that RFC 2268 §2 derives from the digits of pi.
const PITABLE = Buffer.from(
  'd978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2' +
    '179a59f587b34f1361456d8d09817d32bd8f40eb86b77b0bf09521225c6b4e82' +
    '54d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626' +
    '6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed7' +
    '08e8eade8052eef784aa72ac354d6a2a961ad2715a1549744b9fd05e0418a4ec' +
    'c2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731' +
    '2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a9' +
    '0d38341bab33ffb0bb480c5fb9b1cd2ec5f3db47e5a59c770aa62068fe7fc1ad',
  'hex',
);

const BLOCK = 8;
/** Left rotation of each of the four words in a mixing round (§3.1). */
const ROTATION = [1, 2, 3, 5] as const;

/** RC2 in CBC mode with PKCS#7 padding. `effectiveBits` weakens the key on purpose: 40 in PKCS#12's RC2-40. */
export class Rc2Cbc {
  readonly #schedule: Uint16Array;
  readonly #iv: Uint8Array;

  /** @param key 1 to 128 bytes @param iv 8 bytes */
  constructor(key: Uint8Array, effectiveBits: number, iv: Uint8Array) {
    if (key.length < 1 || key.length > 128) throw new RangeError('An RC2 key has 1 to 128 bytes');
    if (!(effectiveBits >= 1 && effectiveBits <= 1024))
      throw new RangeError('RC2 has 1 to 1024 effective bits');
    if (iv.length !== BLOCK) throw new RangeError('An RC2 initialization vector has 8 bytes');
    this.#schedule = expand(key, effectiveBits);
    this.#iv = iv;
  }

  encrypt(plain: Uint8Array): Buffer {
    const padding = BLOCK - (plain.length % BLOCK);
    const out = Buffer.alloc(plain.length + padding, padding);
    out.set(plain);
    let previous: Uint8Array = this.#iv;
    for (let at = 0; at < out.length; at += BLOCK) {
      for (let i = 0; i < BLOCK; i++) out[at + i] = (out[at + i] ?? 0) ^ (previous[i] ?? 0);
      encryptBlock(this.#schedule, out, at);
      previous = out.subarray(at, at + BLOCK);
    }
    return out;
  }

  /** The plain text, or undefined when length or padding are wrong, as after a wrong password. */
  decrypt(cipher: Uint8Array): Buffer | undefined {
    if (cipher.length === 0 || cipher.length % BLOCK !== 0) return undefined;
    const out = Buffer.from(cipher);
    for (let at = 0; at < out.length; at += BLOCK) {
      decryptBlock(this.#schedule, out, at);
      const previous = at === 0 ? this.#iv : cipher.subarray(at - BLOCK, at);
      for (let i = 0; i < BLOCK; i++) out[at + i] = (out[at + i] ?? 0) ^ (previous[i] ?? 0);
    }
    const padding = out[out.length - 1] ?? 0;
    if (padding < 1 || padding > BLOCK) return undefined;
    for (let at = out.length - padding; at < out.length; at++) if (out[at] !== padding) return undefined;
    return out.subarray(0, out.length - padding);
  }
}

/** Key expansion (§2): 64 words, of which only `effectiveBits` bits are free. */
function expand(key: Uint8Array, effectiveBits: number): Uint16Array {
  const bytes = new Uint8Array(128);
  bytes.set(key);
  const pi = (index: number): number => PITABLE[index & 0xff] ?? 0;
  const at = (index: number): number => bytes[index] ?? 0;
  for (let i = key.length; i < 128; i++) bytes[i] = pi(at(i - 1) + at(i - key.length));
  const effectiveBytes = Math.ceil(effectiveBits / 8);
  const mask = 0xff >> (8 * effectiveBytes - effectiveBits);
  bytes[128 - effectiveBytes] = pi(at(128 - effectiveBytes) & mask);
  for (let i = 127 - effectiveBytes; i >= 0; i--) bytes[i] = pi(at(i + 1) ^ at(i + effectiveBytes));
  const words = new Uint16Array(64);
  for (let i = 0; i < 64; i++) words[i] = at(2 * i) | (at(2 * i + 1) << 8);
  return words;
}

/** Sixteen mixing rounds with a mashing round after the 5th and the 11th (§3). */
function encryptBlock(schedule: Uint16Array, data: Buffer, at: number): void {
  const r = loadWords(data, at);
  const word = (index: number): number => r[index & 3] ?? 0;
  for (let round = 0; round < 16; round++) {
    for (let i = 0; i < 4; i++) {
      const mixed = word(i) + (schedule[4 * round + i] ?? 0) + mix(word(i - 1), word(i - 2), word(i - 3));
      const rotation = ROTATION[i] ?? 0;
      const low = mixed & 0xffff;
      r[i] = (low << rotation) | (low >> (16 - rotation));
    }
    if (round === 4 || round === 10)
      for (let i = 0; i < 4; i++) r[i] = word(i) + (schedule[word(i - 1) & 63] ?? 0);
  }
  storeWords(r, data, at);
}

function decryptBlock(schedule: Uint16Array, data: Buffer, at: number): void {
  const r = loadWords(data, at);
  const word = (index: number): number => r[index & 3] ?? 0;
  for (let round = 15; round >= 0; round--) {
    if (round === 4 || round === 10)
      for (let i = 3; i >= 0; i--) r[i] = word(i) - (schedule[word(i - 1) & 63] ?? 0);
    for (let i = 3; i >= 0; i--) {
      const rotation = ROTATION[i] ?? 0;
      const turned = (word(i) >> rotation) | (word(i) << (16 - rotation));
      r[i] = turned - (schedule[4 * round + i] ?? 0) - mix(word(i - 1), word(i - 2), word(i - 3));
    }
  }
  storeWords(r, data, at);
}

function mix(one: number, two: number, three: number): number {
  return (one & two) + (~one & three & 0xffff);
}

function loadWords(data: Buffer, at: number): Uint16Array {
  return Uint16Array.of(
    data.readUInt16LE(at),
    data.readUInt16LE(at + 2),
    data.readUInt16LE(at + 4),
    data.readUInt16LE(at + 6),
  );
}

function storeWords(words: Uint16Array, data: Buffer, at: number): void {
  words.forEach((word, index) => data.writeUInt16LE(word, at + 2 * index));
}
