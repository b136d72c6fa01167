/** Programs that are absent: installed where that is allowed, else named with the reason. */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { ofDebian } from './toolchain.ts';

suite('a program that is absent', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'certwright-apt-'));
    const script = (name: string, text: string): void => {
      writeFileSync(path.join(folder, name), `#!/bin/sh\n${text}\n`);
      chmodSync(path.join(folder, name), 0o755);
    };
    script(
      'apt-get',
      `echo "$@" >> ${folder}/calls; case "$*" in *dnsutils*) printf '#!/bin/sh\\n' > ${folder}/dig ;; *jre*) echo "no such package" >&2; exit 100 ;; esac`,
    );
  });
  after(() => rmSync(folder, { recursive: true }));

  test('is installed under the name that Debian has for it', async () => {
    assert.deepEqual(await ofDebian('dig', folder, [], true), {
      name: 'dig',
      path: path.join(folder, 'dig'),
    });
    assert.deepEqual(readFileSync(path.join(folder, 'calls'), 'utf8').trim().split('\n'), [
      'update -qq',
      'install -y -qq --no-install-recommends bind9-dnsutils',
    ]);
  });
  test('is missing with the reason where it cannot be', async () => {
    const { path: none, missing = '' } = await ofDebian('keytool', folder, [], true);
    assert.equal(none, undefined);
    assert.match(missing, /default-jre-headless could not be installed: .*no such package/su);
    assert.match(
      (await ofDebian('openssl', '/nowhere', [], true)).missing ?? '',
      /no root to install openssl/u,
    );
    assert.match((await ofDebian('openssl', '/nowhere', [], false)).missing ?? '', /no root/u);
    assert.match(
      (await ofDebian('unheard-of', folder, [], true)).missing ?? '',
      /no `unheard-of` on the path/u,
    );
  });
});
