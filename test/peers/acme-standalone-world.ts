/** One machine with `certwright up` as a process, Pebble outside it, and what stands between them. */
import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { isIP, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { startChallengeServer } from '../../tools/peers/acme/challenge-server.ts';
import { startPebble, type Pebble, type PebbleOptions } from '../../tools/peers/acme/pebble.ts';
import { freePorts } from '../../tools/peers/acme/peer-process.ts';
import { workspace, write } from '../embedded/cli/run-cli.ts';

const entry = join(import.meta.dirname, '../../src/cli/main.ts');

export interface Machine {
  folder: string;
  pebble: Pebble;
  /** Where Pebble looks for HTTP-01 and for TLS-ALPN-01. */
  httpPort: number;
  tlsPort: number;
  /** Another one, for a listener behind something. */
  sparePort: number;
  file: (name: string) => string;
}

export async function machine(t: TestContext, options: PebbleOptions = {}): Promise<Machine> {
  const folder = workspace(t);
  const [httpPort = 0, tlsPort = 0, sparePort = 0] = await freePorts(3);
  const names = await startChallengeServer({ httpPort: 0, tlsPort: 0 });
  t.after(() => names.stop());
  const pebble = await startPebble({ httpPort, tlsPort, dnsServer: names.dns, ...options });
  t.after(() => pebble.stop());
  return { folder, pebble, httpPort, tlsPort, sparePort, file: (name) => join(folder, name) };
}

/** The issuer `pebble` with one solver, and one Certificate for each list of names. */
export function manifests(
  { pebble, file }: Machine,
  solver: string,
  certificates: Readonly<Record<string, readonly string[]>>,
  more = '',
): void {
  const documents = [
    `apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: { name: pebble }
spec:
  acme:
    server: ${pebble.directoryUrl}
    caBundle: ${Buffer.from(pebble.caBundle).toString('base64')}
    privateKeySecretRef: { name: pebble-account }${more}
    solvers:
      - ${solver}
`,
    ...Object.entries(certificates).map(([name, all]) => {
      const dns = all.filter((one) => isIP(one) === 0);
      const ips = all.filter((one) => isIP(one) !== 0);
      return `apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { namespace: shop, name: ${name} }
spec:
  secretName: ${name}-tls
  issuerRef: { name: pebble, kind: ClusterIssuer }
  privateKey: { algorithm: ECDSA, size: 256 }
  dnsNames: ${JSON.stringify(dns)}
  ipAddresses: ${JSON.stringify(ips)}
`;
    }),
  ];
  write(file('manifests/public.yaml'), documents.join('---\n'));
}

export interface Up {
  pid: number;
  /** What was printed so far. */
  text(): string;
  /** Resolves when the pattern is in it; rejects with all of it when the process ends before. */
  seen(pattern: RegExp): Promise<string>;
  /** SIGTERM; resolves to the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  ended: Promise<number | null>;
}

export function startUp(
  t: TestContext,
  { folder }: Machine,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Up {
  const all = ['--data-dir', join(folder, 'data'), '--manifests', join(folder, 'manifests')];
  all.push('--export', join(folder, 'out'), '--listen', '127.0.0.1:0', '--log-level', 'debug', ...args);
  const child = spawn(process.execPath, [entry, 'up', ...all], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: folder, ...environment },
  });
  t.after(() => child.kill('SIGKILL'));
  let text = '';
  let over = false;
  let waiting: (() => void)[] = [];
  const tell = (): void => {
    for (const look of waiting.splice(0)) look();
  };
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      tell();
    });
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => {
      over = true;
      tell();
      resolve(code);
    });
  });
  return {
    pid: child.pid ?? 0,
    text: () => text,
    async seen(pattern) {
      while (!pattern.test(text)) {
        if (over) throw new Error(`up ended before ${pattern} was seen:\n${text}`);
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
      return text;
    },
    stop() {
      child.kill('SIGTERM');
      return ended;
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    ended,
  };
}

export function exported({ folder }: Machine, name: string): X509Certificate {
  return new X509Certificate(readFileSync(join(folder, 'out/shop', name, 'tls.crt')));
}

/** A reverse proxy as nginx is one: every request goes on to `target`, with the Host that it came with. */
export async function reverseProxy(t: TestContext, port: number, target: number): Promise<Server> {
  const server = createServer((incoming, response) => {
    const onward = request(
      {
        host: '127.0.0.1',
        port: target,
        method: incoming.method,
        // As a forward proxy it is asked for the whole URL.
        path: incoming.url?.replace(/^http:\/\/[^/]*/, ''),
        headers: incoming.headers,
        agent: false,
      },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    onward.once('error', () => response.writeHead(502).end());
    incoming.pipe(onward);
  });
  await listen(t, server, port);
  return server;
}

/** Resolves to the port. */
export async function listen(t: TestContext, server: Server, port = 0): Promise<number> {
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
