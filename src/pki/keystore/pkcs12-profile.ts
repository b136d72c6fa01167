/** What each PKCS#12 profile of the API encrypts and authenticates with (spec of `keystores.pkcs12.profile`). */

/** Names as in the API. `LegacyRC2` is the effective default there, because it opens everywhere. */
export type Pkcs12Profile = 'LegacyRC2' | 'LegacyDES' | 'Modern2023' | 'Modern2026';

export type CipherScheme = 'pbe-sha1-rc2-40' | 'pbe-sha1-3des' | 'pbes2-aes-256';
export type MacScheme = 'hmac-sha1' | 'hmac-sha256' | 'pbmac1-sha256';

export interface Pkcs12Scheme {
  readonly certificates: CipherScheme;
  readonly key: CipherScheme;
  readonly cipherIterations: number;
  readonly mac: MacScheme;
  readonly macIterations: number;
  /** Of every salt, in bytes. */
  readonly saltLength: number;
}

export const pkcs12Profiles: Readonly<Record<Pkcs12Profile, Pkcs12Scheme>> = {
  LegacyRC2: {
    certificates: 'pbe-sha1-rc2-40',
    key: 'pbe-sha1-3des',
    cipherIterations: 2048,
    mac: 'hmac-sha1',
    macIterations: 1,
    saltLength: 8,
  },
  LegacyDES: {
    certificates: 'pbe-sha1-3des',
    key: 'pbe-sha1-3des',
    cipherIterations: 2048,
    mac: 'hmac-sha1',
    macIterations: 1,
    saltLength: 8,
  },
  Modern2023: {
    certificates: 'pbes2-aes-256',
    key: 'pbes2-aes-256',
    cipherIterations: 2048,
    mac: 'hmac-sha256',
    macIterations: 2048,
    saltLength: 16,
  },
  Modern2026: {
    certificates: 'pbes2-aes-256',
    key: 'pbes2-aes-256',
    cipherIterations: 2048,
    mac: 'pbmac1-sha256',
    macIterations: 2048,
    saltLength: 16,
  },
};
