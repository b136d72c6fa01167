import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { WebrootError } from './responder-errors.ts';
import { Webroot } from './webroot.ts';
import { prepared, token } from './testing/prepared-webroot.ts';

suite('the webroot', () => {
  test('holds the answer as a file that a web server may read, until it is removed', async (context) => {
    const { webroot, challenges } = await prepared(context);
    const umask = process.umask(0o077);
    try {
      await webroot.write(token, 'key.authorization');
      await webroot.write(token, 'key.authorization');
    } finally {
      process.umask(umask);
    }
    assert.equal(await readFile(join(challenges, token), 'utf8'), 'key.authorization');
    assert.equal((await stat(join(challenges, token))).mode & 0o777, 0o644);
    assert.equal((await stat(challenges)).mode & 0o777, 0o755);
    assert.deepEqual(await readdir(challenges), [token]);
    await webroot.remove(token, 'key.authorization');
    await webroot.remove(token, 'key.authorization');
    assert.deepEqual(await readdir(challenges), []);
  });

  test('makes no file of a token that is none', async (context) => {
    const { webroot, scratch } = await prepared(context);
    for (const hostile of ['../../escape', 'a/b', '..', '', 'a\0b', 'x'.repeat(300), '.htaccess']) {
      await assert.rejects(webroot.write(hostile, 'x'), WebrootError, JSON.stringify(hostile));
      await assert.rejects(webroot.remove(hostile, 'x'), WebrootError, JSON.stringify(hostile));
    }
    assert.deepEqual(await readdir(scratch), ['www']);
  });

  test('follows no link that stands below it', async (context) => {
    const { webroot, scratch, folder } = await prepared(context);
    await mkdir(join(scratch, 'elsewhere'));
    await symlink(join(scratch, 'elsewhere'), join(folder, '.well-known'));
    await assert.rejects(webroot.write(token, 'x'), /is not a folder of its own/);
    assert.deepEqual(await readdir(join(scratch, 'elsewhere')), []);
  });

  test('removes nothing through a folder that became a link meanwhile', async (context) => {
    const { webroot, scratch, challenges } = await prepared(context);
    await webroot.write(token, 'x');
    const elsewhere = join(scratch, 'elsewhere');
    await mkdir(elsewhere);
    await writeFile(join(elsewhere, token), 'of somebody else');
    await rm(challenges, { recursive: true });
    await symlink(elsewhere, challenges);
    await assert.rejects(webroot.remove(token, 'x'), /is not a folder of its own/);
    assert.deepEqual(await readdir(elsewhere), [token]);
    await rm(challenges);
    await webroot.remove(token, 'x');
  });

  test('says which folder is missing', async (context) => {
    const { webroot, folder } = await prepared(context);
    await rm(folder, { recursive: true });
    await assert.rejects(webroot.write(token, 'x'), (error: unknown) => {
      assert.ok(error instanceof WebrootError);
      assert.match(error.message, /the webroot folder .*www.* cannot be written to: there is no such folder/);
      return error.retryable;
    });
  });

  test('says who needs which right', async (context) => {
    // Nobody may make a folder here, not even root.
    const { options } = await prepared(context);
    const webroot = new Webroot({ ...options, folder: '/sys' });
    await assert.rejects(
      webroot.write(token, 'x'),
      /cannot be written to: .*the user that certwright runs as/,
    );
  });

  test('loses what a crashed run left, and nothing of others', async (context) => {
    const { webroot, challenges, options } = await prepared(context);
    await webroot.write(token, 'x');
    await webroot.write('live', 'x');
    await writeFile(join(challenges, 'certbots-own'), 'x');
    await writeFile(join(challenges, '.certwright-half'), 'x');
    const next = new Webroot(options);
    assert.deepEqual(await next.sweep(new Set(['live'])), [token]);
    assert.deepEqual((await readdir(challenges)).toSorted(), ['certbots-own', 'live']);
    await next.remove('live', 'x');
    assert.deepEqual(await next.sweep(new Set()), []);
  });
});
