/** Stands for the CA that your issuer talks to: it signs with a key made at start. Replace this file with your CA. */
import type { KeyObject } from 'node:crypto';
import { generateKey } from '../../src/pki/keys.ts';
import { encodePem } from '../../src/pki/pem.ts';
import { certificateFromRequest } from '../../src/pki/x509/certificate-from-request.ts';
import { createCsr } from '../../src/pki/x509/create-csr.ts';
import { parseCertificate } from '../../src/pki/x509/parse-certificate.ts';
import { parseCsr } from '../../src/pki/x509/parse-csr.ts';
import { createSigner } from '../../src/pki/x509/sign-certificate.ts';

export interface Signed {
  /** PEM: the leaf first, then intermediates. */
  certificate: string;
  /** PEM: the root, or as high as the CA knows. */
  ca: string;
}

export class SampleCa {
  readonly #key: KeyObject;
  readonly #certificate: Buffer;

  private constructor(key: KeyObject, certificate: Buffer) {
    this.#key = key;
    this.#certificate = certificate;
  }

  static async create(commonName: string, now: number): Promise<SampleCa> {
    const key = await generateKey({ algorithm: 'ECDSA' });
    const csr = parseCsr(createCsr({ commonName, isCA: true }, key));
    return new SampleCa(key, await certificateFromRequest({ csr, now, isCA: true }, createSigner(key)));
  }

  /** `csrPem` is what the subscriber asks for; `usages` and `durationMs` are what the request says beside it. */
  async sign(
    csrPem: string,
    asked: { usages?: string[]; durationMs?: number; now: number },
  ): Promise<Signed> {
    const signer = createSigner(this.#key, parseCertificate(this.#certificate));
    const leaf = await certificateFromRequest(
      {
        csr: parseCsr(Buffer.from(csrPem)),
        now: asked.now,
        usages: asked.usages,
        duration: asked.durationMs,
      },
      signer,
    );
    return { certificate: encodePem('CERTIFICATE', leaf), ca: encodePem('CERTIFICATE', this.#certificate) };
  }
}
