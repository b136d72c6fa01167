/** The machine's own limits, measured in the same run: what no controller on this machine can beat. */
import { generateKeyPair, generateKeyPairSync, sign } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { measureBareWork } from './bare-work.ts';

export interface Limits {
  /** ECDSA P-256 signatures per second, one thread. */
  p256SignaturesPerSecond: number;
  /** RSA-2048 keys per second through generateKeyPair, one in flight per core. */
  rsa2048KeysPerSecond: number;
  /** Processor time of one such key. */
  rsa2048CpuMsPerKey: number;
  /** SQLite transactions of one 1.1 kB row per second: WAL, synchronous=NORMAL. */
  sqliteWritesPerSecond: number;
  /** Processor time of a P-256 certificate with nothing around it (bare-work.ts). */
  bareWorkCpuMs: number;
}

export async function measureLimits(seconds = 1): Promise<Limits> {
  return {
    p256SignaturesPerSecond: signatures(seconds),
    ...(await rsaKeys(seconds * 5)),
    sqliteWritesPerSecond: await sqliteWrites(seconds),
    bareWorkCpuMs: await measureBareWork(),
  };
}

function signatures(seconds: number): number {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const data = Buffer.alloc(600, 7);
  return perSecond(seconds, () => sign('sha256', data, privateKey));
}

async function rsaKeys(
  seconds: number,
): Promise<Pick<Limits, 'rsa2048KeysPerSecond' | 'rsa2048CpuMsPerKey'>> {
  const generate = promisify(generateKeyPair);
  const started = performance.now();
  const before = process.cpuUsage();
  let made = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() - started < seconds * 1000) {
      await generate('rsa', { modulusLength: 2048 });
      made++;
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  const { user, system } = process.cpuUsage(before);
  return {
    rsa2048KeysPerSecond: made / ((performance.now() - started) / 1000),
    rsa2048CpuMsPerKey: (user + system) / 1000 / made,
  };
}

async function sqliteWrites(seconds: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'certwright-limits-'));
  const database = new DatabaseSync(join(folder, 'limit.db'));
  try {
    database.exec(
      'PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; CREATE TABLE o(k INTEGER PRIMARY KEY, v TEXT)',
    );
    const put = database.prepare('INSERT OR REPLACE INTO o VALUES (?, ?)');
    const value = 'x'.repeat(1100);
    let key = 0;
    return perSecond(seconds, () => put.run(key++, value));
  } finally {
    database.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function perSecond(seconds: number, once: () => unknown): number {
  for (let i = 0; i < 100; i++) once();
  const started = performance.now();
  let count = 0;
  while (performance.now() - started < seconds * 1000) {
    for (let i = 0; i < 50; i++) once();
    count += 50;
  }
  return count / ((performance.now() - started) / 1000);
}
