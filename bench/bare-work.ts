/** The work that no way of issuing a certificate can do without, in processor time: the yardstick for what the rest costs. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { generateKey, encodePrivateKey } from '../src/pki/keys.ts';
import { certificateFromRequest } from '../src/pki/x509/certificate-from-request.ts';
import { createCsr } from '../src/pki/x509/create-csr.ts';
import { parseCertificate } from '../src/pki/x509/parse-certificate.ts';
import { parseCsr } from '../src/pki/x509/parse-csr.ts';
import { createSigner } from '../src/pki/x509/sign-certificate.ts';

/** Writes of a certificate: itself, request, answer, Secret, status, four events. */
const writes = 9;
const rounds = 300;

/**
 * Milliseconds of processor time for one P-256 certificate with nothing around it: key, CSR, its verification, signature,
 * and nine objects of 1.5 kB that are made to text, stored and parsed again. Other processes stretch it as they stretch
 * what it is compared with, which makes the ratio of the two steadier than either.
 */
export async function measureBareWork(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'certwright-bare-'));
  const database = new DatabaseSync(join(folder, 'bare.db'));
  try {
    database.exec(
      'PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; CREATE TABLE o(k INTEGER PRIMARY KEY, v TEXT)',
    );
    const put = database.prepare('INSERT INTO o VALUES (?, ?)');
    const caKey = await generateKey({ algorithm: 'ECDSA' });
    const ask = { now: 1_700_000_000_000, isCA: true };
    const caCsr = parseCsr(createCsr({ commonName: 'bare', isCA: true }, caKey));
    const ca = parseCertificate(await certificateFromRequest({ csr: caCsr, ...ask }, createSigner(caKey)));
    const signer = createSigner(caKey, ca);
    let row = 0;
    const once = async (): Promise<void> => {
      const key = await generateKey({ algorithm: 'ECDSA' });
      const csr = parseCsr(createCsr({ dnsNames: ['a.example', 'b.example'], usages: ['signing'] }, key));
      const leaf = await certificateFromRequest({ csr, now: ask.now, usages: ['signing'] }, signer);
      parseCertificate(leaf);
      const object = { key: encodePrivateKey(key), leaf: leaf.toString('base64'), fill: 'x'.repeat(700) };
      database.exec('BEGIN');
      for (let write = 0; write < writes; write++) {
        const text = JSON.stringify({ ...object, write });
        put.run(row++, text);
        JSON.parse(text);
      }
      database.exec('COMMIT');
    };
    for (let round = 0; round < rounds; round++) await once();
    const before = process.cpuUsage();
    for (let round = 0; round < rounds; round++) await once();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000 / rounds;
  } finally {
    database.close();
    await rm(folder, { recursive: true, force: true });
  }
}
