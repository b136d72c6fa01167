import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { exitCodes } from '../errors.ts';
import { ConfigFileError } from '../configuration/config-file.ts';
import { readUpConfig } from './up-config.ts';

const head = 'apiVersion: certwright.dev/v1alpha1\nkind: UpConfiguration\n';

async function written(context: TestContext, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'up-config-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'up.yaml');
  await writeFile(file, text, { mode: 0o600 });
  return file;
}

suite('the configuration file of up', () => {
  test('holds hooks and programs', async (context) => {
    const file = await written(
      context,
      `${head}
hooks:
  - name: reload-nginx
    command: [systemctl, reload, nginx]
  - name: copy
    command: ["/usr/local/bin/copy", ""]
    certificates: [shop/*]
    timeout: 5m
    environment: { TARGET: "10.0.0.7" }
programs:
  ovh: [/usr/local/bin/dns-ovh]
caLimits:
  - ca: ours
    directories: [https://ca.example/directory]
    limits:
      - { name: orders, counts: order, per: account, allowed: 10, windowSeconds: 3600 }
`,
    );
    assert.deepEqual(await readUpConfig(file), {
      hooks: [
        {
          name: 'reload-nginx',
          command: ['systemctl', 'reload', 'nginx'],
          certificates: ['*/*'],
          timeoutMs: 60_000,
          environment: {},
        },
        {
          name: 'copy',
          command: ['/usr/local/bin/copy', ''],
          certificates: ['shop/*'],
          timeoutMs: 300_000,
          environment: { TARGET: '10.0.0.7' },
        },
      ],
      programs: { ovh: ['/usr/local/bin/dns-ovh'] },
      caLimits: [
        {
          ca: 'ours',
          directories: ['https://ca.example/directory'],
          limits: [
            {
              name: 'orders',
              counts: 'order',
              per: 'account',
              allowed: 10,
              windowMs: 3_600_000,
              refill: 'sliding',
              exempt: [],
              resetOnSuccess: false,
            },
          ],
        },
      ],
    });
    assert.deepEqual(await readUpConfig(await written(context, head)), {
      hooks: [],
      programs: {},
      caLimits: [],
    });
  });

  test('tells all that is wrong in it, with file, field and remedy', async (context) => {
    const file = await written(
      context,
      `${head}
hook: []
hooks:
  - name: Reload
    command: systemctl reload nginx
    certificates: [web]
    timeout: 3d
    environment: { CERTWRIGHT_NAME: x, PORT: 80 }
  - name: twice
    command: []
  - name: twice
    comand: [x]
programs: { "a b": [x] }
caLimits: [{ ca: x }]
`,
    );
    await assert.rejects(readUpConfig(file), (error: unknown) => {
      assert.ok(error instanceof ConfigFileError);
      assert.equal(error.exitCode, exitCodes.usage);
      assert.ok(error.message.startsWith(`--config ${file}: `));
      const expected = [
        /^hook: there is no such field; is hooks meant\?/,
        /^hooks\[0\]\.name: "Reload" is no name/,
        /^hooks\[0\]\.command: write the program and its arguments as a list/,
        /^hooks\[0\]\.certificates\[0\]: "web": write namespace\/name/,
        /^hooks\[0\]\.timeout: "3d": write a duration/,
        /^hooks\[0\]\.environment\.CERTWRIGHT_NAME: names that begin/,
        /^hooks\[0\]\.environment\.PORT: write a text, not 80 \(in quotes\)/,
        /^hooks\[1\]\.command: the first entry is the program/,
        /^hooks\[2\]\.comand: there is no such field; is command meant\?/,
        /^hooks\[2\]\.command: write the program/,
        /^hooks\[2\]\.name: twice is taken/,
        /^programs\.a b: "a b" is no name/,
        /^caLimits\[0\]\.directories must be a list/,
      ];
      assert.equal(error.problems.length, expected.length, error.message);
      for (const [index, pattern] of expected.entries()) assert.match(error.problems[index] ?? '', pattern);
      return true;
    });
  });

  test('is refused when it is another kind, or when everybody may write to it', async (context) => {
    const other = await written(context, 'apiVersion: v1\nkind: List\n');
    await assert.rejects(
      readUpConfig(other),
      /write apiVersion: certwright\.dev\/v1alpha1 and kind: UpConfiguration/,
    );
    const open = await written(context, head);
    await chmod(open, 0o666);
    await assert.rejects(readUpConfig(open), /everybody may write to it.*chmod o-w/);
    await assert.rejects(readUpConfig('/nonexistent.yaml'), /cannot be read/);
  });
});
