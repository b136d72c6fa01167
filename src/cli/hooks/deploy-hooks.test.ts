import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { createFakeClock } from '../../kube/testing/fake-clock.ts';
import { DeployHooks, type ExportedFiles } from './deploy-hooks.ts';
import type { Hook } from './hook.ts';
import { HookJournal } from './hook-journal.ts';
import type { CommandResult, CommandRun } from './run-command.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };
const reload: Hook = {
  name: 'reload',
  command: ['reload', 'nginx'],
  certificates: ['*/*'],
  timeoutMs: 1_000,
  environment: { MODE: 'soft' },
};
const web = (digest: string): ExportedFiles => ({
  namespace: 'shop',
  name: 'web',
  directory: '/out/shop/web',
  files: ['tls.crt', 'tls.key'],
  digest,
});

interface World {
  runs: CommandRun[];
  /** What the next runs answer; well when there is none. */
  answers: CommandResult[];
}

async function scratch(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hooks-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'hooks.json');
}

async function started(path: string, hooks: Hook[] = [reload]) {
  const world: World = { runs: [], answers: [] };
  const clock = createFakeClock(0);
  const deploy = new DeployHooks({
    hooks,
    journal: await HookJournal.read(path),
    environment: { PATH: '/bin', AWS_SECRET_ACCESS_KEY: 'secret' },
    clock,
    log,
    run: async (command) => {
      world.runs.push(command);
      return world.answers.shift() ?? { ok: true, output: '' };
    },
  });
  return { world, clock, deploy };
}

suite('deploy hooks', () => {
  test('run once for each change, and are told what changed', async (context) => {
    const { world, deploy } = await started(await scratch(context));
    deploy.exported(web('1'));
    deploy.exported(web('1'));
    await deploy.settle();
    deploy.exported(web('1'));
    await deploy.settle();
    assert.equal(world.runs.length, 1);
    assert.deepEqual(world.runs[0]?.command, ['reload', 'nginx']);
    assert.deepEqual(world.runs[0].environment, {
      PATH: '/bin',
      MODE: 'soft',
      CERTWRIGHT_HOOK: 'reload',
      CERTWRIGHT_CERTIFICATE: 'shop/web',
      CERTWRIGHT_NAMESPACE: 'shop',
      CERTWRIGHT_NAME: 'web',
      CERTWRIGHT_DIRECTORY: '/out/shop/web',
      CERTWRIGHT_FILES: 'tls.crt\ntls.key',
    });
    deploy.exported(web('2'));
    await deploy.settle();
    assert.equal(world.runs.length, 2);
    assert.deepEqual(deploy.statesOf('shop', 'web'), [{ hook: 'reload', state: { kind: 'done', at: 0 } }]);
  });

  test('run at the next start for what an earlier run exported and did not deploy, and not for what it did', async (context) => {
    const path = await scratch(context);
    const first = await started(path);
    first.deploy.exported(web('1'));
    await first.deploy.settle();
    first.world.answers.push({ ok: false, problem: 'killed', output: '' });
    first.deploy.exported(web('2'));
    await first.deploy.settle();
    await first.deploy.stop();

    const second = await started(path);
    second.deploy.exported(web('2'));
    await second.deploy.settle();
    assert.equal(second.world.runs.length, 1);
    const third = await started(path);
    third.deploy.exported(web('2'));
    await third.deploy.settle();
    assert.equal(third.world.runs.length, 0);
    assert.deepEqual(third.deploy.statesOf('shop', 'web'), [
      { hook: 'reload', state: { kind: 'done', at: undefined } },
    ]);
  });

  test('are run again after a failure, with longer and longer waits; newer files end the waiting', async (context) => {
    const { world, clock, deploy } = await started(await scratch(context));
    for (let count = 0; count < 20; count++)
      world.answers.push({ ok: false, problem: 'exit code 1', output: 'x' });
    deploy.exported(web('1'));
    await deploy.settle();
    assert.deepEqual(deploy.statesOf('shop', 'web')[0]?.state, {
      kind: 'failed',
      problem: 'exit code 1',
      attempts: 1,
      nextAttemptAt: 30_000,
    });
    await clock.advance(29_999);
    assert.equal(world.runs.length, 1);
    await clock.advance(1);
    await clock.advance(60_000);
    assert.equal(world.runs.length, 3);
    await clock.advance(24 * 3_600_000);
    assert.ok(world.runs.length < 20 + 30, String(world.runs.length));
    world.answers.length = 0;
    deploy.exported(web('2'));
    await deploy.settle();
    assert.equal(deploy.statesOf('shop', 'web')[0]?.state.kind, 'done');
    const { length } = world.runs;
    await clock.advance(24 * 3_600_000);
    assert.equal(world.runs.length, length);
  });

  test('are only for the Certificates that they name', async (context) => {
    const hooks = [{ ...reload, certificates: ['shop/a*', '*/mail'] }];
    const { world, deploy } = await started(await scratch(context), hooks);
    for (const [namespace, name] of [
      ['shop', 'api'],
      ['shop', 'web'],
      ['post', 'mail'],
      ['shopping', 'api'],
    ] as const)
      deploy.exported({ ...web('1'), namespace, name });
    await deploy.settle();
    assert.deepEqual(
      world.runs.map(({ environment }) => environment['CERTWRIGHT_CERTIFICATE']),
      ['shop/api', 'post/mail'],
    );
  });

  test('one hook never runs beside itself', async (context) => {
    let [now, most] = [0, 0];
    const deploy = new DeployHooks({
      hooks: [reload],
      journal: await HookJournal.read(await scratch(context)),
      environment: {},
      clock: createFakeClock(0),
      log,
      run: async () => {
        most = Math.max(most, ++now);
        await new Promise((done) => setImmediate(done));
        now--;
        return { ok: true, output: '' };
      },
    });
    for (const name of ['a', 'b', 'c', 'd']) deploy.exported({ ...web('1'), name });
    await deploy.settle();
    assert.equal(most, 1);
  });

  test('a damaged journal is one that says nothing; one that cannot be written stops nothing', async (context) => {
    const path = await scratch(context);
    for (const text of ['{', '[]', '{"done":[1]}', '{"done":{"reload shop/web":1}}']) {
      await writeFile(path, text);
      const { world, deploy } = await started(path);
      deploy.exported(web('1'));
      await deploy.settle();
      assert.equal(world.runs.length, 1, text);
    }
    assert.match(await readFile(path, 'utf8'), /"reload shop\/web":"1"/);
    const { world, deploy } = await started('/dev/null/hooks.json');
    deploy.exported(web('1'));
    await deploy.settle();
    assert.equal(world.runs.length, 1);
    assert.equal(deploy.statesOf('shop', 'web')[0]?.state.kind, 'done');
  });
});
