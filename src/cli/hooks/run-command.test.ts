import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { runCommand } from './run-command.ts';

const node = process.execPath;
const run = (script: string, change: object = {}) =>
  runCommand({ command: [node, '-e', script], environment: {}, timeoutMs: 20_000, ...change });

suite('running a command', () => {
  test('what it wrote comes back, of both streams, without what moves cursors', async () => {
    const result = await run('process.stdout.write("one\\n\\u001b[31mtwo"); process.stderr.write("\\u0007")');
    assert.deepEqual(result, { ok: true, output: 'one\n[31mtwo' });
  });

  test('no shell looks at the arguments, and nothing of our environment is there', async () => {
    const result = await runCommand({
      command: [node, '-p', 'JSON.stringify([process.argv[1], Object.keys(process.env)])', '$(id); `id`'],
      environment: { ONLY: 'this' },
      timeoutMs: 20_000,
    });
    assert.deepEqual(result, { ok: true, output: '["$(id); `id`",["ONLY"]]' });
  });

  test('of long output the end is kept', async () => {
    const result = await run('for (let i = 0; i < 5000; i++) console.log("line " + i)');
    assert.ok(result.ok);
    assert.ok(result.output.length < 5_000);
    assert.ok(result.output.startsWith('...'));
    assert.ok(result.output.endsWith('line 4999'));
  });

  test('failures are told apart', async () => {
    assert.deepEqual(await run('console.error("no"); process.exit(3)'), {
      ok: false,
      problem: 'exit code 3',
      output: 'no',
    });
    const missing = await runCommand({
      command: ['/nonexistent/program'],
      environment: {},
      timeoutMs: 1_000,
    });
    assert.deepEqual(missing, { ok: false, problem: 'there is no program /nonexistent/program', output: '' });
    const killed = await run('process.kill(process.pid, "SIGKILL")');
    assert.equal(killed.ok ? '' : killed.problem, 'ended by SIGKILL');
  });

  test('the time limit ends it and what it started', async () => {
    const script =
      'const c = require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit" }); console.log(c.pid); setInterval(() => {}, 1000)';
    const result = await run(script, { timeoutMs: 1_000 });
    assert.equal(result.ok ? '' : result.problem, 'no end within 1 s');
    const pid = Number(result.output);
    assert.ok(pid > 0);
    // Gone, or dead and waiting for init to notice.
    let alive = true;
    for (let tries = 0; alive && tries < 1_000; tries++) {
      try {
        process.kill(pid, 0);
        await new Promise((done) => setImmediate(done));
      } catch {
        alive = false;
      }
    }
    assert.equal(alive && !(await isZombie(pid)), false);
  });

  test('what may not be ended, as under sudo, ends neither us nor the wait for it', async () => {
    let pid = 0;
    const refuse = (group: number): void => {
      pid = group;
      throw Object.assign(new Error('kill EPERM'), { code: 'EPERM' });
    };
    const running = runCommand(
      { command: [node, '-e', 'setInterval(() => {}, 1000)'], environment: {}, timeoutMs: 100 },
      refuse,
    );
    const result = await running;
    process.kill(-pid, 'SIGKILL');
    assert.match(
      result.ok ? '' : result.problem,
      /^no end within 0\.1 s, and it may not be ended: it runs on$/u,
    );
  });

  test('ends with us', async () => {
    const stop = new AbortController();
    const running = run('setInterval(() => {}, 1000)', { signal: stop.signal });
    stop.abort();
    const result = await running;
    assert.equal(result.ok ? '' : result.problem, 'stopped, as this process ends');
  });
});

async function isZombie(pid: number): Promise<boolean> {
  const { readFile } = await import('node:fs/promises');
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z ');
  return / Z /.test(text.slice(text.lastIndexOf(')')));
}
