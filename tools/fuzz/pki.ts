/**
 * Mutation fuzzer for everything in src/pki that reads strangers' bytes: `node tools/fuzz/pki.ts [seconds] [seed]`.
 * Any throw that is not a PkiError, and any input slower than the limit, is printed as hex and ends the run with 1.
 */
import { pathToFileURL } from 'node:url';
import { PkiError } from '../../src/pki/errors.ts';
import { seededRandom } from '../../src/kube/testing/seeded-random.ts';
import { decodePrivateKey, encodePrivateKey, generateKey } from '../../src/pki/keys.ts';
import { decodePem, encodePem } from '../../src/pki/pem.ts';
import { certificateFromRequest } from '../../src/pki/x509/certificate-from-request.ts';
import { createCsr } from '../../src/pki/x509/create-csr.ts';
import { parseLiteralSubject } from '../../src/pki/x509/literal-subject.ts';
import { encodeName, printName } from '../../src/pki/x509/name.ts';
import { parseCertificate, parseCertificates } from '../../src/pki/x509/parse-certificate.ts';
import { csrContradiction, parseCsr, verifyCsrSignature } from '../../src/pki/x509/parse-csr.ts';
import { createSigner } from '../../src/pki/x509/sign-certificate.ts';
import { isSelfSigned } from '../../src/pki/x509/verify-signed-by.ts';

/** One way into the room. */
export interface Target {
  name: string;
  seeds: readonly Buffer[];
  run(input: Buffer): void;
}

export interface Failure {
  target: string;
  input: Buffer;
  why: string;
}

/** Slower than this for inputs of a few kilobytes means something is not linear. The pause of a busy machine fits in. */
const slowMilliseconds = 1000;

export async function pkiTargets(): Promise<Target[]> {
  const keys = await Promise.all([
    generateKey({ algorithm: 'ECDSA' }),
    generateKey({ algorithm: 'Ed25519' }),
    generateKey({ algorithm: 'RSA' }),
  ]);
  const template = {
    commonName: 'ca',
    subject: { organizations: ['a', 'b'], countries: ['DE'] },
    dnsNames: ['a.example', '*.b.example'],
    ipAddresses: ['10.0.0.1', '2001:db8::1'],
    uris: ['spiffe://a/b'],
    emailAddresses: ['a@b.example'],
    otherNames: [{ oid: '1.2.3.4', utf8Value: 'ü' }],
    isCA: true,
    basicConstraints: true,
    usages: ['cert sign', 'server auth', 'client auth'],
    nameConstraints: {
      permitted: { dnsDomains: ['example'], ipRanges: ['10.0.0.0/8'] },
      excluded: { uriDomains: ['x'] },
    },
  };
  const requests = keys.map((key) => createCsr(template, key));
  const certificates = await Promise.all(
    keys.map((key, index) =>
      certificateFromRequest(
        {
          csr: parseCsr(requests[index] ?? Buffer.alloc(0)),
          now: 1.8e12,
          isCA: true,
          usages: template.usages,
          ocspServers: ['http://o'],
          crlDistributionPoints: ['http://c'],
        },
        createSigner(key),
      ),
    ),
  );
  const pems = certificates.map((der) => encodePem('CERTIFICATE', der));
  const keyPems = keys.flatMap((key) => [encodePrivateKey(key, 'PKCS1'), encodePrivateKey(key, 'PKCS8')]);
  const keyDers = keyPems.map((pem) => decodePem(pem, 1e6)[0]).filter((block) => block !== undefined);
  return [
    {
      name: 'csr',
      seeds: requests,
      run: (input) => {
        const csr = parseCsr(input);
        printName(csr.subject);
        csrContradiction(csr, { usages: template.usages });
        verifyCsrSignature(csr);
      },
    },
    {
      name: 'certificate',
      seeds: certificates,
      run: (input) => {
        const certificate = parseCertificate(input);
        printName(certificate.issuer);
        isSelfSigned(certificate);
      },
    },
    {
      name: 'pem',
      seeds: [Buffer.from(pems.join('')), Buffer.from(pems[0] ?? '')],
      run: (input) => void parseCertificates(input),
    },
    {
      name: 'key-pem',
      seeds: keyPems.map((pem) => Buffer.from(pem)),
      run: (input) => void decodePrivateKey(input),
    },
    {
      name: 'key-der',
      // First byte: which label the rest gets, so that one target covers all three forms.
      seeds: keyDers.map(({ label, der }) => Buffer.concat([Buffer.from([keyLabels.indexOf(label)]), der])),
      run: (input) => {
        const label = keyLabels[(input[0] ?? 0) % keyLabels.length] ?? '';
        decodePrivateKey(encodePem(label, input.subarray(1)), 1 << 16);
      },
    },
    {
      name: 'literal-subject',
      seeds: ['CN=a\\,b+OU=x\\2B y,O=Ex\\C3\\A4mple,DC=com,2.5.4.42=#0c0141,C=DE'].map((text) =>
        Buffer.from(text),
      ),
      run: (input) => {
        printName(parseLiteralSubject(input.toString('utf8')));
        encodeName(parseLiteralSubject(input.toString('utf8')));
      },
    },
  ];
}

const keyLabels = ['PRIVATE KEY', 'EC PRIVATE KEY', 'RSA PRIVATE KEY'];

/** Runs one input; undefined when it behaved. `accepted` counts inputs that were understood. */
export function runOne(
  target: Target,
  input: Buffer,
  clock: () => number,
): { failure?: Failure; accepted: boolean } {
  const start = clock();
  let accepted = false;
  let why: string | undefined;
  try {
    target.run(input);
    accepted = true;
  } catch (error) {
    if (!(error instanceof PkiError))
      why = `untyped throw: ${error instanceof Error ? error.stack : String(error)}`;
  }
  const took = clock() - start;
  if (why === undefined && took > slowMilliseconds) why = `took ${Math.round(took)} ms`;
  return why === undefined ? { accepted } : { accepted, failure: { target: target.name, input, why } };
}

/** Bytes that mean something in DER: lengths, tags, signs. */
const interesting = [
  0x00, 0x01, 0x05, 0x0c, 0x1f, 0x30, 0x31, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xa0, 0xa3, 0xff,
];

export function mutate(input: Buffer, other: Buffer, random: () => number): Buffer {
  let bytes = Buffer.from(input);
  const pick = (limit: number): number => Math.floor(random() * limit);
  for (let turns = 1 + pick(4); turns > 0; turns--) {
    const at = pick(bytes.length);
    const kind = pick(8);
    if (kind === 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << pick(8));
    else if (kind === 1) bytes[at] = interesting[pick(interesting.length)] ?? 0;
    else if (kind === 2) bytes[at] = ((bytes[at] ?? 0) + (pick(2) === 0 ? 1 : 255)) & 0xff;
    else if (kind === 3) bytes = bytes.subarray(0, at);
    else if (kind === 4) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + pick(8))]);
    else if (kind === 5)
      bytes = splice(bytes, at, other.subarray(pick(other.length)).subarray(0, 1 + pick(64)));
    else if (kind === 6) bytes = splice(bytes, at, bytes.subarray(at, at + 1 + pick(128)));
    else bytes = splice(bytes, at, Buffer.alloc(1 + pick(16), interesting[pick(interesting.length)]));
    if (bytes.length === 0) return bytes;
  }
  return bytes.length > 16_384 ? bytes.subarray(0, 16_384) : bytes;
}

function splice(bytes: Buffer, at: number, piece: Buffer): Buffer<ArrayBuffer> {
  return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
}

export interface FuzzResult {
  executions: number;
  accepted: number;
  failure?: Failure;
}

/** Mutates seeds, and whatever mutation was accepted, until the deadline or the number of executions. */
export function fuzz(
  targets: readonly Target[],
  options: { random: () => number; clock: () => number; milliseconds: number; maxExecutions?: number },
): FuzzResult {
  const corpora = targets.map(({ seeds }) => [...seeds]);
  const deadline = options.clock() + options.milliseconds;
  let executions = 0;
  let accepted = 0;
  while (options.clock() < deadline && executions < (options.maxExecutions ?? Infinity)) {
    const at = executions % targets.length;
    const target = targets[at];
    const corpus = corpora[at];
    if (target === undefined || corpus === undefined) break;
    const from = (): Buffer => corpus[Math.floor(options.random() * corpus.length)] ?? Buffer.alloc(1);
    const input = mutate(from(), from(), options.random);
    const outcome = runOne(target, input, options.clock);
    executions++;
    if (outcome.failure) return { executions, accepted, failure: outcome.failure };
    if (!outcome.accepted) continue;
    accepted++;
    // An accepted mutant is a deeper starting point; the newest replaces a random non-seed once there are enough.
    if (corpus.length < 500) corpus.push(input);
    else corpus[target.seeds.length + Math.floor(options.random() * (500 - target.seeds.length))] = input;
  }
  return { executions, accepted };
}

async function main(): Promise<number> {
  const seconds = Number(process.argv[2] ?? 10);
  const seed = Number(process.argv[3] ?? Date.now() % 2 ** 32);
  if (!(seconds > 0) || !Number.isFinite(seed)) {
    console.error('usage: node tools/fuzz/pki.ts [seconds] [seed]');
    return 2;
  }
  const clock = (): number => performance.now();
  const result = fuzz(await pkiTargets(), {
    random: seededRandom(seed),
    clock,
    milliseconds: seconds * 1000,
  });
  console.log(`fuzz pki: ${result.executions} executions, ${result.accepted} accepted, seed ${seed}`);
  if (result.failure === undefined) return 0;
  const { target, input, why } = result.failure;
  console.error(`${target}: ${why}\ninput: ${input.toString('hex')}`);
  return 1;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  process.exitCode = await main();
