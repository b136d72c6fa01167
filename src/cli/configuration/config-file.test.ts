/** Configuration files: strict, with every fault told by path, and merged below the flags (spec/operations.md §2). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cainjectorTable } from './cainjector-table.ts';
import { ConfigFileError, parseConfigFile } from './config-file.ts';
import { controllerTable } from './controller-table.ts';
import type { ComponentTable, FlagRow } from './row.ts';
import { mergeSettings } from './settings.ts';
import { webhookTable } from './webhook-table.ts';

const tables: readonly ComponentTable[] = [controllerTable, webhookTable, cainjectorTable];
const header = `apiVersion: ${controllerTable.apiVersion}\nkind: ${controllerTable.kind}\n`;
const parse = (text: string): ReturnType<typeof parseConfigFile> =>
  parseConfigFile(controllerTable, '/etc/certwright/config.yaml', header + text);

/** A value of the row's kind that is not its default. */
function sample(row: FlagRow): unknown {
  switch (row.kind) {
    case 'switch':
      return !row.default;
    case 'integer':
    case 'number':
      return row.default + 1;
    case 'duration':
      return `${row.default + 1_000}ms`;
    case 'list':
      return ['a', 'b'];
    case 'map':
      return { a: 'b' };
    case 'gates':
      return { A: true };
    default:
      return 'sample';
  }
}

for (const table of tables) {
  for (const row of table.rows.filter(({ path }) => path !== undefined)) {
    test(`${table.kind}: ${row.path} is read, and --${row.flag} wins over it`, () => {
      const nested = (row.path ?? '')
        .split('.')
        .reduceRight<unknown>((inner, name) => ({ [name]: inner }), sample(row));
      const text = JSON.stringify({ apiVersion: table.apiVersion, kind: table.kind, ...(nested as object) });
      const file = parseConfigFile(table, '/config.json', text);
      const fromFile = mergeSettings(table, {}, file);
      const values: Record<string, unknown> = fromFile.values;
      const expected =
        row.kind === 'duration' ? row.default + 1_000 : row.kind === 'file' ? '/sample' : sample(row);
      assert.deepEqual(values[row.flag], expected);
      assert.equal(fromFile.nameOf(row.flag as never), `${row.path} in /config.json`);
      assert.equal(fromFile.warnings.length, row.withoutEffect === undefined ? 0 : 1);
      if (row.kind === 'gates') return;
      const attribute = row.flag.replaceAll(/-(.)/g, (_all, letter: string) => letter.toUpperCase());
      const flag = {
        switch: row.default === true ? 'true' : 'false',
        integer: '7',
        number: '7',
        duration: '7s',
      };
      const given = flag[row.kind as keyof typeof flag] ?? 'x=y';
      const both: Record<string, unknown> = mergeSettings(table, { [attribute]: given }, file).values;
      assert.notDeepEqual(both[row.flag], expected);
    });
  }
}

const refused: [what: string, text: string, problems: RegExp[]][] = [
  [
    'a field that there is not',
    'leaderElectionConfig: {leaseDurations: 1s}',
    [
      /^leaderElectionConfig.leaseDurations: there is no such field; is leaderElectionConfig.leaseDuration meant\?$/,
    ],
  ],
  [
    'several faults',
    'namespace: 3\nkubernetesAPIBurst: "5"\nnonsense: 1',
    [
      /^namespace "3": write a text$/,
      /^kubernetesAPIBurst "5": write a number/,
      /^nonsense: there is no such field$/,
    ],
  ],
  ['a field twice', 'namespace: a\nnamespace: b', [/^line 4, column 1: Map keys must be unique/]],
  ['a nested field twice', 'gatewayAPI: {enabled: true, enabled: false}', [/Map keys must be unique/]],
  [
    'text where fields are',
    'leaderElectionConfig: yes please',
    [/^leaderElectionConfig: write fields by name$/],
  ],
  ['fields where text is', 'namespace: {a: b}', [/^namespace .*: write a text$/]],
  [
    'a duration that is none',
    'leaderElectionConfig: {retryPeriod: soon}',
    [/^leaderElectionConfig.retryPeriod "soon": write a duration/],
  ],
  [
    'a fraction of a nanosecond',
    'leaderElectionConfig: {retryPeriod: 1.5}',
    [/write a duration such as "60s", or a whole number/],
  ],
  ['a gate that is no switch', 'featureGates: {A: "true"}', [/write true or false by name/]],
  ['a number out of bounds', 'numberOfConcurrentWorkers: 0', [/write a whole number from 1 to 256/]],
  ['no YAML', 'a: [', [/./]],
  ['a path instead of fields', 'gatewayAPI.enabled: true', [/^gatewayAPI.enabled: there is no such field$/]],
  ['several documents', 'namespace: a\n---\nnamespace: b', [/multiple documents/]],
  ['an alias of nothing', 'namespace: *nobody', [/nobody/]],
  [
    'aliases that multiply',
    `controllers: &a [x, x]\nnonsense: [${'*a, '.repeat(200)}*a]`,
    [/Excessive alias count/],
  ],
];
for (const [what, text, problems] of refused) {
  test(`refused: ${what}`, () => {
    assert.throws(
      () => parse(text),
      (error) => {
        assert.ok(error instanceof ConfigFileError);
        for (const [index, problem] of problems.entries()) assert.match(error.problems[index] ?? '', problem);
        return true;
      },
    );
  });
}

test('refused: a file of another component', () => {
  const text = `apiVersion: ${webhookTable.apiVersion}\nkind: ${webhookTable.kind}\n`;
  assert.throws(
    () => parseConfigFile(controllerTable, 'c.yaml', text),
    /write apiVersion: controller\.config/,
  );
  assert.throws(
    () => parseConfigFile(controllerTable, 'c.yaml', '- 1'),
    /it holds no ControllerConfiguration/,
  );
});

test('durations are Go durations or nanoseconds', () => {
  const { values } = mergeSettings(
    controllerTable,
    {},
    parse('leaderElectionConfig: {leaseDuration: 15s, renewDeadline: 10000000000}'),
  );
  assert.equal(values['leader-election-lease-duration'], 15_000);
  assert.equal(values['leader-election-renew-deadline'], 10_000);
});

test('paths in the file start at its folder, paths of flags where the program runs', () => {
  const text =
    'kubeConfig: admin.yaml\nmetricsTLSConfig: {filesystem: {certFile: /abs/tls.crt, keyFile: ../k}}';
  const { values } = mergeSettings(controllerTable, {}, parse(text));
  assert.equal(values.kubeconfig, '/etc/certwright/admin.yaml');
  assert.equal(values['metrics-tls-cert-file'], '/abs/tls.crt');
  assert.equal(values['metrics-tls-private-key-file'], '/etc/k');
  assert.equal(mergeSettings(controllerTable, { kubeconfig: 'x' }, parse(text)).values.kubeconfig, 'x');
});

test('an old name is read with a warning, and the new one wins', () => {
  const old = mergeSettings(controllerTable, {}, parse('enableGatewayAPI: true'));
  assert.equal(old.values['enable-gateway-api'], true);
  assert.match(old.warnings[0] ?? '', /enableGatewayAPI in .* is an old name: write gatewayAPI.enabled/);
  for (const text of [
    'enableGatewayAPI: true\ngatewayAPI: {enabled: false}',
    'gatewayAPI: {enabled: false}\nenableGatewayAPI: true',
  ])
    assert.equal(mergeSettings(controllerTable, {}, parse(text)).values['enable-gateway-api'], false);
});

test('feature gates of flag and file are merged, the flag wins', () => {
  const file = parse('featureGates: {A: true, B: true}');
  const { values } = mergeSettings(controllerTable, { featureGates: ['B=false', 'C=true'] }, file);
  assert.deepEqual(values['feature-gates'], { A: true, B: false, C: true });
});

test('a field without a value is a field that is not there', () => {
  assert.equal(parse('namespace:\nleaderElectionConfig:\n').values.size, 0);
});

test('limits of CAs are read from the file, and every fault in them is told by path', () => {
  const limit = '{ name: n, counts: order, per: account, allowed: 50, windowSeconds: 3600 }';
  const file = parse(
    `caLimits:\n  - { ca: ours, directories: [https://ca.example/dir], limits: [${limit}] }\n`,
  );
  const [ours] = mergeSettings(controllerTable, {}, file).caLimits;
  assert.deepEqual([ours?.ca, ours?.limits[0]?.windowMs], ['ours', 3_600_000]);
  assert.deepEqual(mergeSettings(controllerTable, {}, parse('')).caLimits, []);
  assert.throws(
    () => parse('caLimits: [{ ca: ours, directories: [], limits: [{ name: n, counts: pears }] }]\n'),
    (error) => error instanceof ConfigFileError && /caLimits\[0\]\.limits\[0\]\.counts/u.test(error.message),
  );
  assert.throws(() => parse('caLimit: []\n'), /caLimit: there is no such field; is caLimits meant\?/u);
  assert.throws(
    () =>
      parseConfigFile(
        webhookTable,
        'w.yaml',
        `apiVersion: ${webhookTable.apiVersion}\nkind: ${webhookTable.kind}\ncaLimits: []\n`,
      ),
    /caLimits: there is no such field/u,
  );
});
