import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

import { FIRST } from '../testing/behaviour.ts';
import { ProviderWorld } from '../testing/provider-world.ts';
import { exec, ExternalProgram } from './provider.ts';

/** A program of Node's own, so that the tests need nothing else. */
async function program(
  code: string,
  run: (command: [string, ...string[]], folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'certwright-exec-'));
  try {
    const file = path.join(folder, 'program.cjs');
    await writeFile(file, code);
    await run([process.execPath, file, path.join(folder, 'out')], folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const RECORD = `
  const fs = require('node:fs');
  const [out, ...args] = process.argv.slice(2);
  fs.appendFileSync(out, JSON.stringify({ args, env: process.env }) + '\\n');
`;

test('the program gets present or cleanup, name and value as arguments, and little of the environment', () =>
  program(RECORD, async (command, folder) => {
    await using world = await ProviderWorld.start(() => ({ status: 500 }), {
      programs: { mine: command },
      environment: { PATH: '/usr/bin:/bin', HOME: '/nowhere', AWS_SECRET_ACCESS_KEY: 'hidden' },
    });
    const provider = await exec.create({ name: 'mine' }, world.environment);
    const odd = { ...FIRST, value: '$(touch /tmp/x) "; rm -rf` \n --help' };
    await provider.present(odd);
    await provider.cleanUp(FIRST);
    const lines = (await readFile(path.join(folder, 'out'), 'utf8')).trim().split('\n');
    assert.deepEqual(
      lines.map((line) => JSON.parse(line) as unknown),
      [
        { args: ['present', FIRST.fqdn, odd.value], env: { PATH: '/usr/bin:/bin', HOME: '/nowhere' } },
        { args: ['cleanup', FIRST.fqdn, FIRST.value], env: { PATH: '/usr/bin:/bin', HOME: '/nowhere' } },
      ],
    );
  }));

test('without an environment to hand on there is a path all the same', () =>
  program(RECORD, async (command, folder) => {
    await using world = await ProviderWorld.start(() => ({ status: 500 }), { programs: { mine: command } });
    await (await exec.create({ name: 'mine' }, world.environment)).present(FIRST);
    const { env } = JSON.parse(await readFile(path.join(folder, 'out'), 'utf8')) as { env: unknown };
    assert.deepEqual(env, { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' });
  }));

for (const name of ['other', '__proto__', 'constructor', ''])
  test(`a name that the configuration does not have is refused: "${name}"`, async () => {
    await using world = await ProviderWorld.start(() => ({ status: 500 }), {
      programs: { mine: ['/bin/true'] },
    });
    await assert.rejects(exec.create({ name }, world.environment), {
      code: 'dns-provider/configuration',
      message: `the configuration file names no program "${name}" for the exec solver; it names mine`,
    });
  });

test('what a failing program printed last is in the error: bounded, without what changes', () =>
  program(
    `process.stdout.write('x'.repeat(1e6) + '\\n'); console.error('zone is locked (request id: ' + Math.random() + ')'); process.exitCode = 3;`,
    async (command) => {
      const provider = new ExternalProgram('mine', command, {});
      await assert.rejects(provider.present(FIRST), {
        code: 'dns-provider/unavailable',
        retryable: true,
        message: `the program "mine" for present ${FIRST.fqdn} ended with exit code 3: zone is locked`,
      });
    },
  ));

test('a program that does not exist', async () => {
  const provider = new ExternalProgram('mine', ['/nonexistent/program'], {});
  await assert.rejects(provider.present(FIRST), {
    code: 'dns-provider/configuration',
    message: `the program "mine" for present ${FIRST.fqdn} could not be started: ENOENT`,
  });
});

test('a program that hangs is killed with everything that it started', () =>
  program(
    `require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'inherit' });
     setInterval(() => {}, 1e6);`,
    async (command) => {
      const provider = new ExternalProgram('mine', command, {}, 300);
      await assert.rejects(provider.present(FIRST), { code: 'dns-provider/timeout', retryable: true });
    },
  ));

test('an abort ends the program', () =>
  program('setInterval(() => {}, 1e6);', async (command) => {
    const provider = new ExternalProgram('mine', command, {});
    const abort = new AbortController();
    const running = provider.present(FIRST, abort.signal);
    const reason = new Error('stopped');
    abort.abort(reason);
    await assert.rejects(running, (error) => error === reason);
  }));

test('a program that leaves something running behind is done when it is done', () =>
  program(
    `require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'inherit' }).unref();
     process.exit(0);`,
    async (command) => {
      await new ExternalProgram('mine', command, {}).present(FIRST);
    },
  ));

test('a name that looks like an option is not handed to a program', () =>
  program(RECORD, async (command) => {
    const provider = new ExternalProgram('mine', command, {});
    await assert.rejects(provider.present({ ...FIRST, fqdn: '-x.example.com.' }), {
      code: 'dns-provider/configuration',
    });
    await assert.rejects(readFile(command[2] ?? '', 'utf8'), { code: 'ENOENT' });
  }));

test('a program that has become another user is not waited for once its time is over', () =>
  program(`console.log('up'); setInterval(() => {}, 1e6);`, async (command) => {
    const groups: number[] = [];
    const refuse = (group: number): void => {
      groups.push(group);
      throw Object.assign(new Error('kill EPERM'), { code: 'EPERM' });
    };
    try {
      const provider = new ExternalProgram('mine', command, {}, 300, refuse);
      await assert.rejects(provider.present(FIRST), { code: 'dns-provider/timeout' });
    } finally {
      for (const group of new Set(groups)) process.kill(-group, 'SIGKILL');
    }
    assert.equal(groups.length, 1);
  }));
