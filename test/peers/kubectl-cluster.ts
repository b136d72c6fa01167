/** An embedded server over TLS and the real kubectl against it (CERTWRIGHT_KUBECTL, else the one on PATH). */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { createAdmission } from '../../src/admission/create-admission.ts';
import type { KubeObject } from '../../src/api/meta.ts';
import { createServer, type EmbeddedServer } from '../../src/standalone/server.ts';
import { widgetDefinition } from '../embedded/server-harness.ts';

export interface Result {
  code: number | null;
  out: string;
  err: string;
}

export interface KubectlCluster {
  server: EmbeddedServer;
  /** Runs kubectl to its end; `input` goes to its standard input. */
  kubectl: (
    args: readonly string[],
    options?: { input?: string; env?: Record<string, string> },
  ) => Promise<Result>;
  /** Runs kubectl, which must succeed; answers its output. */
  ok: (...args: string[]) => Promise<string>;
  /** Runs kubectl until a line of its output satisfies `until`, then ends it. */
  follow: (
    args: readonly string[],
    until: (output: string) => boolean,
    started: () => Promise<unknown>,
  ) => Promise<string>;
  file: (name: string, content: string) => string;
  close: () => Promise<void>;
}

/** The definitions as they are shipped. */
function ourDefinitions(): KubeObject[] {
  const folder = new URL('../../deploy/crds/', import.meta.url);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => parse(readFileSync(new URL(name, folder), 'utf8')) as KubeObject);
}

export async function startCluster(): Promise<KubectlCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'certwright-kubectl-'));
  const server = await createServer({
    dataDir: join(folder, 'data'),
    crds: [widgetDefinition, ...ourDefinitions()],
    admission: createAdmission(),
  });
  const { kubeconfigPath } = await server.listen();
  const binary = process.env['CERTWRIGHT_KUBECTL'] ?? 'kubectl';
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, KUBECONFIG: kubeconfigPath ?? '' };

  const run = (args: readonly string[], more: Record<string, string> = {}): ReturnType<typeof spawn> =>
    spawn(binary, args, { env: { ...env, ...more }, stdio: ['pipe', 'pipe', 'pipe'] });

  const kubectl: KubectlCluster['kubectl'] = async (args, options = {}) => {
    const child = run(args, options.env);
    let [out, err] = ['', ''];
    child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()));
    child.stdin?.end(options.input ?? '');
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    return { code, out, err };
  };

  return {
    server,
    kubectl,
    ok: async (...args) => {
      const { code, out, err } = await kubectl(args);
      assert.equal(code, 0, `${args.join(' ')}: ${err}`);
      return out;
    },
    follow: async (args, until, started) => {
      const child = run(args);
      let output = '';
      let begun: Promise<unknown> | undefined;
      for await (const chunk of child.stdout ?? []) {
        output += String(chunk);
        begun ??= started();
        if (until(output)) break;
      }
      child.kill();
      await begun;
      return output;
    },
    file: (name, content) => {
      const path = join(folder, name);
      writeFileSync(path, content);
      return path;
    },
    close: async () => {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export const widgetYaml = (name: string, color: string): string => `apiVersion: example.com/v1
kind: Widget
metadata:
  name: ${name}
spec:
  color: ${color}
  parts:
  - name: one
    count: 1
`;
