/** What this machine's PKI can do at most, measured alone: `node bench/pki.ts [seconds per line]`. */
import { pathToFileURL } from 'node:url';
import { createKeyGenerator, decodePrivateKey, encodePrivateKey, generateKey } from '../src/pki/keys.ts';
import { buildChain } from '../src/pki/x509/build-chain.ts';
import { certificateFromRequest, templateFromRequest } from '../src/pki/x509/certificate-from-request.ts';
import { createCsr } from '../src/pki/x509/create-csr.ts';
import { parseCertificate } from '../src/pki/x509/parse-certificate.ts';
import { parseCsr, verifyCsrSignature } from '../src/pki/x509/parse-csr.ts';
import { createSigner, signCertificate } from '../src/pki/x509/sign-certificate.ts';

/** Operations per second. */
export interface PkiRates {
  'P-256 keys': number;
  'RSA-2048 keys': number;
  'CSR created, P-256': number;
  'CSR parsed': number;
  'CSR parsed and verified': number;
  'certificate signed, P-256': number;
  'certificate signed, RSA-2048': number;
  'CSR to certificate, P-256': number;
  'certificate parsed': number;
  'chain of 2 built': number;
  'EC key decoded': number;
  'RSA key decoded': number;
}

/** Runs each operation for about `seconds`, one after the other. */
export async function measurePki(seconds = 0.5): Promise<PkiRates> {
  const now = Date.now();
  const [key, caKey, rsa] = await Promise.all([
    generateKey({ algorithm: 'ECDSA' }),
    generateKey({ algorithm: 'ECDSA' }),
    generateKey({}),
  ]);
  const caCsr = parseCsr(createCsr({ commonName: 'bench', isCA: true }, caKey));
  const ca = parseCertificate(
    await certificateFromRequest({ csr: caCsr, now, isCA: true }, createSigner(caKey)),
  );
  const signer = createSigner(caKey, ca);
  const rsaSigner = createSigner(rsa);
  const csrTemplate = {
    commonName: 'a.example',
    dnsNames: ['a.example', 'b.example'],
    usages: ['server auth', 'signing'],
  };
  const { usages } = csrTemplate;
  const csrDer = createCsr(csrTemplate, key);
  const csr = parseCsr(csrDer);
  const template = templateFromRequest({ csr, now, usages }, signer);
  const leaf = await signCertificate(template, signer);
  const ecPem = encodePrivateKey(key);
  const rsaPem = encodePrivateKey(rsa);
  const generator = createKeyGenerator();
  const sync = (work: () => unknown): Promise<number> => rate(seconds, 64, () => void work());
  return {
    'P-256 keys': await rate(seconds, 64, () => generateKey({ algorithm: 'ECDSA' })),
    'RSA-2048 keys': await rate(Math.max(2, seconds), 8, () => generator.generate({})),
    'CSR created, P-256': await sync(() => createCsr(csrTemplate, key)),
    'CSR parsed': await sync(() => parseCsr(csrDer)),
    'CSR parsed and verified': await sync(() => verifyCsrSignature(parseCsr(csrDer))),
    'certificate signed, P-256': await rate(seconds, 64, () => signCertificate(template, signer)),
    'certificate signed, RSA-2048': await rate(seconds, 64, () => signCertificate(template, rsaSigner)),
    'CSR to certificate, P-256': await rate(seconds, 64, () =>
      certificateFromRequest({ csr: parseCsr(csrDer), now, usages }, signer),
    ),
    'certificate parsed': await sync(() => parseCertificate(leaf)),
    'chain of 2 built': await sync(() => buildChain([parseCertificate(leaf), ca])),
    'EC key decoded': await sync(() => decodePrivateKey(ecPem)),
    'RSA key decoded': await sync(() => decodePrivateKey(rsaPem)),
  };
}

/** Rounds of `together` operations at once until the time is over; the first rounds warm up and do not count. */
async function rate(seconds: number, together: number, work: () => unknown): Promise<number> {
  const round = (): Promise<unknown> => Promise.all(Array.from({ length: together }, work));
  const warmUntil = performance.now() + seconds * 200;
  do await round();
  while (performance.now() < warmUntil);
  const start = performance.now();
  let done = 0;
  let took = 0;
  do {
    await round();
    done += together;
    took = performance.now() - start;
  } while (took < seconds * 1000);
  return (done * 1000) / took;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const rates = await measurePki(Number(process.argv[2] ?? 0.5));
  for (const [name, value] of Object.entries(rates))
    console.log(`${name.padEnd(32)} ${value.toFixed(0).padStart(9)}/s`);
}
