/** What scenarios are handed, and how the product's own process is run with the rights of the chart. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { root } from '../../../tools/chart/helm.ts';
import type { ChartWorld } from '../chart/world.ts';
import { until } from '../until.ts';

export interface Scenario {
  title: string;
  run(world: ScenarioWorld): Promise<void>;
}

export interface ScenarioWorld extends ChartWorld {
  /** Applies as administrator; objects without a namespace go to `shop`. */
  create(...objects: object[]): Promise<void>;
  /** Waits until a JSONPath of an object has the value. */
  becomes(object: string, path: string, value: string): Promise<void>;
  gone(object: string): Promise<void>;
  /** A Certificate of this name is Ready in that revision. */
  ready(name: string, revision?: number): Promise<void>;
}

interface Placed {
  kind: string;
  metadata: object;
}

const clusterScoped = new Set([
  'ClusterIssuer',
  'ClusterRole',
  'ClusterRoleBinding',
  'CertificateSigningRequest',
  'ValidatingWebhookConfiguration',
  'MutatingWebhookConfiguration',
  'CustomResourceDefinition',
  'APIService',
]);

export function scenarioWorld(world: ChartWorld): ScenarioWorld {
  const scoped = (object: string): string[] => ['-n', 'shop', ...object.split(' ')];
  return {
    ...world,
    async create(...objects) {
      const items = (objects as Placed[]).map((object) =>
        clusterScoped.has(object.kind)
          ? object
          : { ...object, metadata: { namespace: 'shop', ...object.metadata } },
      );
      await world.apply(
        JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
        '--force-conflicts',
        '--field-manager=scenario',
      );
    },
    async becomes(object, path, value) {
      let last = '';
      await until(
        () => `${object} ${path}: ${last} is not ${value}`,
        async () => {
          last = await world
            .kubectl('get', ...scoped(object), '-o', `jsonpath={${path}}`)
            .catch((error: unknown) => String(error));
          return last === value;
        },
      );
    },
    async gone(object) {
      await until(
        `${object} is still there`,
        async () => (await world.kubectl('get', ...scoped(object), '--ignore-not-found')) === '',
      );
    },
    async ready(name, revision = 1) {
      const path = '.status.conditions[?(@.type=="Ready")].status';
      await this.becomes(`certificate/${name}`, path, 'True');
      await this.becomes(`certificate/${name}`, '.status.revision', String(revision));
    },
  };
}

/** The arguments that the chart gives a container, for a process outside of any Pod. */
export async function chartArguments(
  world: ChartWorld,
  deployment: string,
  namespace = 'cert-manager',
): Promise<string[]> {
  const text = await world.kubectl(
    'get',
    `deployment/${deployment}`,
    '-n',
    namespace,
    '-o',
    'jsonpath={.spec.template.spec.containers[0].args}',
  );
  return (JSON.parse(text) as string[]).map((argument) => argument.replaceAll('$(POD_NAMESPACE)', namespace));
}

export interface Running {
  child: ChildProcess;
  log(): string;
  /** Runs a piece of the test; when it fails, the end of the log is in the error. */
  telling(work: () => Promise<void>): Promise<void>;
  /** SIGTERM; asserts that it ends well. */
  end(): Promise<void>;
}

/** Starts `dist/certwright.js` as the ServiceAccount, with nothing but a token; resolves when `line` is in its log. */
export async function runAs(
  t: TestContext,
  world: ChartWorld,
  serviceAccount: string,
  args: readonly string[],
  line: RegExp,
  namespace = 'cert-manager',
  environment: Readonly<Record<string, string>> = {},
): Promise<Running> {
  const token = await world.cluster.tokenFor(namespace, serviceAccount);
  const kubeconfig = await world.cluster.kubeconfigForToken(`sa-${serviceAccount}`, token);
  const child = spawn(
    process.execPath,
    [join(root, 'dist/certwright.js'), ...args, `--kubeconfig=${kubeconfig}`],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...environment },
    },
  );
  t.after(() => child.kill('SIGKILL'));
  let log = '';
  child.stderr?.setEncoding('utf8');
  child.stderr?.on('data', (text: string) => (log += text));
  await until(
    () => `${args[0]} as ${serviceAccount} did not say ${String(line)}:\n${log.slice(-4000)}`,
    () => {
      if (child.exitCode !== null)
        throw new Error(`${args[0]} ended with ${child.exitCode}:\n${log.slice(-4000)}`);
      return Promise.resolve(line.test(log));
    },
  );
  return {
    child,
    log: () => log,
    async telling(work) {
      try {
        await work();
      } catch (error) {
        throw new Error(`${String(error)}\n${log.slice(-4000)}`, { cause: error });
      }
    },
    async end() {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
      assert.equal(child.exitCode, 0, log.slice(-4000));
    },
  };
}

/** Setting of the chart: nobody works on Orders and Challenges. Their rights: `least-privilege-acme.test.ts`, with a CA. */
export const withoutAcme = `--set=extraArgs[0]=${[
  '--controllers=*',
  '-orders',
  '-challenges',
  '-certificaterequests-issuer-acme',
  '-certificatesigningrequests-issuer-acme',
].join(String.raw`\,`)}`;
