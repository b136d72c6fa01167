/** Answers that are refused, lost, cut or a minute late, and a token that expires: each in a namespace of its own, at once. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startController, type ControllerProcess } from './controller-process.ts';
import { startFaultProxy, type Fault, type FaultProxy } from './fault-proxy.ts';
import { clusterWithDefinitions, createServiceAccount, kubeconfigWithTokenFile } from './own-cluster.ts';
import { createStorm, type Storm } from './storm.ts';

const LEAVES = 60;
const STALL_MS = 60_000;

interface Scene {
  readonly storm: Storm;
  readonly proxy: FaultProxy;
  readonly controller: ControllerProcess;
  /** So many Certificates are Ready, and the controller still runs. */
  ready(count: number): Promise<void>;
  /** Where the controller reads its token. */
  readonly tokenFile: string;
}

test('a controller behind a connection that fails it', { concurrency: true }, async (t) => {
  const cluster = await clusterWithDefinitions(t);

  const scene = async (t: TestContext, namespace: string, seconds?: number): Promise<Scene> => {
    const storm = await createStorm(cluster, namespace);
    t.after(() => storm.close());
    const proxy = await startFaultProxy(cluster);
    t.after(() => proxy.close());
    await createServiceAccount(cluster, namespace);
    const tokenFile = join(cluster.folder, `${namespace}.token`);
    await writeFile(
      tokenFile,
      await cluster.tokenFor(namespace, 'certwright', { expirationSeconds: seconds }),
    );
    const kubeconfig = await kubeconfigWithTokenFile(cluster, namespace, { server: proxy.url, tokenFile });
    const controller = startController(t, kubeconfig, '--namespace', namespace);
    const ready = (count: number): Promise<void> => controller.during(storm.ready(count));
    return { storm, proxy, controller, ready, tokenFile };
  };
  const survived = async ({ storm, controller }: Scene): Promise<void> => {
    await storm.check();
    assert.equal(await controller.end(), 0);
  };

  await Promise.all([
    t.test(
      'every third write is answered 429, 500, or 500 after it was carried out, or is cut',
      async (t) => {
        const one = await scene(t, 'refused');
        const faults: Fault[] = [429, 500, 'lose', 'cut', 503];
        let [writes, left] = [0, 120];
        one.proxy.fault = ({ method }) => {
          if (method === 'GET' || left === 0 || (writes += 1) % 3 !== 0) return 'none';
          left -= 1;
          return faults[left % faults.length] ?? 'none';
        };
        await one.storm.ask(LEAVES);
        await one.ready(LEAVES + 1);
        for (const fault of faults) assert.ok((one.proxy.counts.get(fault) ?? 0) > 5, `${fault} was played`);
        await survived(one);
      },
    ),
    t.test(`no byte passes for ${STALL_MS / 1000} s in the middle of a storm`, async (t) => {
      const one = await scene(t, 'stalled');
      await one.storm.ask(LEAVES);
      await one.ready(LEAVES / 3);
      one.proxy.stall();
      const over = new Promise((resolve) => setTimeout(resolve, STALL_MS));
      await one.storm.ask(LEAVES);
      await over;
      one.proxy.resume();
      await one.ready(2 * LEAVES + 1);
      await survived(one);
    }),
    t.test('the token expires, and the file holds a new one only later', async (t) => {
      const one = await scene(t, 'expired', 15);
      const refused = Promise.withResolvers<void>();
      await one.storm.ask(LEAVES);
      const poll = setInterval(() => {
        if (/401|Unauthorized|credentials/iu.test(one.controller.log())) refused.resolve();
      }, 100);
      t.after(() => clearInterval(poll));
      await one.controller.during(refused.promise);
      await one.storm.ask(LEAVES);
      await writeFile(one.tokenFile, await cluster.tokenFor('expired', 'certwright'));
      await one.ready(2 * LEAVES + 1);
      await survived(one);
    }),
  ]);
});
