/** What stands in a webroot and is not of this Challenge stays as it is: answers of others, links, files of strangers. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, lstat, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { promisify } from 'node:util';
import { TokenTakenError, WebrootError } from './responder-errors.ts';
import { Webroot } from './webroot.ts';
import { prepared, token } from './testing/prepared-webroot.ts';

const isTaken = (error: unknown): boolean => {
  assert.ok(error instanceof TokenTakenError, String(error));
  assert.match(error.message, /another Challenge with the same token.*this one waits/u);
  return true;
};

suite('one token of two Challenges', () => {
  test('the first keeps its file, the second waits until it is gone', async (context) => {
    const { webroot, path, options } = await prepared(context);
    await webroot.write(token, 'first');
    await assert.rejects(webroot.write(token, 'second'), isTaken);
    await webroot.remove(token, 'second');
    assert.equal(await readFile(path, 'utf8'), 'first');
    // Nothing of that is forgotten by a restart.
    const next = new Webroot(options);
    assert.deepEqual(await next.sweep(new Set([token])), []);
    await assert.rejects(next.write(token, 'second'), isTaken);
    await next.remove(token, 'second');
    assert.equal(await readFile(path, 'utf8'), 'first');
    await next.remove(token, 'first');
    await next.write(token, 'second');
    assert.equal(await readFile(path, 'utf8'), 'second');
    await next.remove(token, 'second');
    assert.deepEqual(await readdir(options.journal), []);
  });

  test('at the same moment, one of them wins', async (context) => {
    const { webroot, path } = await prepared(context);
    const answers = ['first', 'second', 'third'];
    const ends = await Promise.allSettled(answers.map((answer) => webroot.write(token, answer)));
    assert.deepEqual(
      ends.map(({ status }) => status),
      ['fulfilled', 'rejected', 'rejected'],
    );
    await Promise.all(['second', 'third'].map((answer) => webroot.remove(token, answer)));
    assert.equal(await readFile(path, 'utf8'), 'first');
  });
});

suite('what is not ours', () => {
  test('under the name of the token is neither overwritten, nor followed, nor removed', async (context) => {
    const { webroot, scratch, challenges, path, options } = await prepared(context);
    await mkdir(challenges, { recursive: true });
    const target = join(scratch, 'target');
    await writeFile(target, 'x');
    await symlink(target, path);
    await assert.rejects(webroot.write(token, 'x'), isTaken);
    await webroot.remove(token, 'x');
    assert.ok((await lstat(path)).isSymbolicLink());
    await rm(path);
    await promisify(execFile)('mkfifo', [path]);
    await assert.rejects(webroot.write(token, 'x'), isTaken);
    await rm(path);
    await writeFile(path, 'x'.repeat(2000));
    await assert.rejects(webroot.write(token, 'x'), isTaken);
    await webroot.remove(token, 'x');
    assert.equal((await stat(path)).size, 2000);
    assert.deepEqual(await readdir(options.journal).catch(() => []), []);
  });

  test('is not made responsible for a folder that is closed to us', async (context) => {
    const { webroot, scratch, challenges } = await prepared(context);
    await mkdir(challenges, { recursive: true });
    for (const folder of [scratch, join(challenges, '../..'), join(challenges, '..')])
      await chmod(folder, 0o755);
    await chmod(challenges, 0o644);
    // Nothing is closed to root.
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    try {
      for (const call of [() => webroot.write(token, 'x'), () => webroot.remove(token, 'x')])
        await assert.rejects(call(), (error: unknown) => {
          assert.ok(error instanceof WebrootError, String(error));
          assert.match(error.message, /EACCES.*the user that certwright runs as/u);
          return error.retryable;
        });
    } finally {
      if (isRoot) process.seteuid?.(0);
      await chmod(challenges, 0o755);
    }
  });

  test('in the place of what a killed run wrote is left where it is', async (context) => {
    const { webroot, path, options } = await prepared(context);
    await webroot.write(token, 'ours');
    await writeFile(path, 'of somebody else');
    assert.deepEqual(await new Webroot(options).sweep(new Set()), [token]);
    assert.equal(await readFile(path, 'utf8'), 'of somebody else');
    assert.deepEqual(await readdir(options.journal), []);
  });

  test('behind a folder that became a link is not swept', async (context) => {
    const { webroot, scratch, challenges, options } = await prepared(context);
    await webroot.write(token, 'x');
    const elsewhere = join(scratch, 'elsewhere');
    await mkdir(elsewhere);
    await writeFile(join(elsewhere, '.certwright-half'), 'of somebody else');
    await rm(challenges, { recursive: true });
    await symlink(elsewhere, challenges);
    await assert.rejects(new Webroot(options).sweep(new Set()), /is not a folder of its own/u);
    assert.deepEqual(await new Webroot(options).sweep(new Set([token])).catch(() => []), []);
    assert.deepEqual(await readdir(elsewhere), ['.certwright-half']);
  });
});

suite('a file of ours', () => {
  test('gets back the mode that a web server needs, and others cannot write', async (context) => {
    const { webroot, path, challenges, options } = await prepared(context);
    await webroot.write(token, 'x');
    await chmod(path, 0o600);
    await webroot.write(token, 'x');
    assert.equal((await stat(path)).mode & 0o777, 0o644);
    assert.equal((await stat(options.journal)).mode & 0o777, 0o700);
    assert.equal((await stat(join(options.journal, token))).mode & 0o777, 0o600);
    await chmod(challenges, 0o750);
    await webroot.write(token, 'x');
    assert.equal(
      (await stat(challenges)).mode & 0o777,
      0o750,
      'the mode of a folder that was there is its owner’s',
    );
  });

  test('of a process that was killed by signal 9 is removed by the next one', async (context) => {
    const { options, challenges } = await prepared(context);
    const program = `
      const { Webroot } = await import(${JSON.stringify(new URL('webroot.ts', import.meta.url).href)});
      const webroot = new Webroot(${JSON.stringify(options)});
      await webroot.write('live', 'x');
      await webroot.write(${JSON.stringify(token)}, 'x');
      const timer = setInterval(() => process.kill(process.pid, 'SIGKILL'), 0);
      for (let index = 0; ; index++) await webroot.write('t' + index, 'x');`;
    const child = promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
    await assert.rejects(child, (error: { signal?: string }) => error.signal === 'SIGKILL');
    await new Webroot(options).sweep(new Set(['live']));
    assert.deepEqual(await readdir(challenges), ['live']);
    assert.deepEqual(await readdir(options.journal), ['live']);
  });
});
