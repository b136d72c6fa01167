/** Runs the command line as a child process in a folder of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';

const entry = join(import.meta.dirname, '../../../src/cli/main.ts');

export interface Run {
  code: number | null;
  out: string;
  err: string;
}

export interface Started {
  child: ChildProcess;
  /** Resolves with what was printed so far once `pattern` was seen on either stream; rejects when the process ends before. */
  seen(pattern: RegExp): Promise<string>;
  ended: Promise<Run>;
}

/** A folder that the test may fill; removed afterwards. */
export function workspace(t: TestContext, files: Record<string, string> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'certwright-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) write(join(folder, name), text);
  return folder;
}

export function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** `certwright up` with a data folder, free port and the folder `manifests` of the workspace. */
export function up(t: TestContext, folder: string, ...args: string[]): Started {
  return start(t, [
    'up',
    '--data-dir',
    join(folder, 'data'),
    '--manifests',
    join(folder, 'manifests'),
    '--listen',
    '127.0.0.1:0',
    ...args,
  ]);
}

/** Suites run side by side, and the ports of health and metrics are the same in each: whoever tests them says so. */
const noDoors = ['--metrics-listen-address=0', '--internal-healthz-listen-address=0'];

/** `environment`: beside that of the tests. */
export function start(
  t: TestContext,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Started {
  const doors =
    args[0] === 'controller' && !args.some((arg) => arg.includes('listen-address')) ? noDoors : [];
  const child = spawn(process.execPath, [entry, ...args, ...doors], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  t.after(() => child.kill('SIGKILL'));
  const run: Run = { code: null, out: '', err: '' };
  let news: (() => void)[] = [];
  const tell = (): void => {
    for (const look of news.splice(0)) look();
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    run.out += text;
    tell();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    run.err += text;
    tell();
  });
  let over = false;
  const ended = new Promise<Run>((resolve) => {
    child.on('close', (code) => {
      over = true;
      run.code = code;
      tell();
      resolve(run);
    });
  });
  const seen = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const text = run.out + run.err;
      if (pattern.test(text)) return text;
      if (over) throw new Error(`ended with ${run.code} before ${pattern} was seen:\n${text}`);
      await new Promise<void>((resolve) => {
        news.push(resolve);
      });
    }
  };
  return { child, seen, ended };
}

/** A CA of its own and one leaf, ECDSA so that it is quick. */
export const smallFleet = `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: leaf, namespace: shop }
spec:
  secretName: leaf-tls
  commonName: leaf
  dnsNames: [leaf.example.com]
  privateKey: { algorithm: ECDSA }
  issuerRef: { name: ca, kind: ClusterIssuer }
---
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: { name: ca }
spec: { ca: { secretName: root } }
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: root, namespace: cert-manager }
spec:
  isCA: true
  commonName: Root
  secretName: root
  privateKey: { algorithm: ECDSA, rotationPolicy: Never }
  issuerRef: { name: self, kind: ClusterIssuer }
---
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: { name: self }
spec: { selfSigned: {} }
`;
