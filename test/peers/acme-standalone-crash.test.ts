/** kill -9 while a public certificate is on its way to a machine, and what the next start makes of it; renewals meanwhile. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { write } from '../embedded/cli/run-cli.ts';
import { exported, listen, machine, manifests, startUp, type Machine } from './acme-standalone-world.ts';

const webrootSolver = 'waitInsteadOfSelfCheck: 0s\n        http01: { listener: {} }';

/** A web server over `www`; `onChallenge` is told of each request for an answer that is there, before it is given. */
async function webServer(
  t: Parameters<typeof listen>[0],
  { httpPort, file }: Machine,
  onChallenge: () => void = () => undefined,
): Promise<string> {
  const www = file('www');
  mkdirSync(www);
  const server = createServer((incoming, response) => {
    const path = join(www, incoming.url ?? '');
    if (!incoming.url?.startsWith('/.well-known/acme-challenge/') || !existsSync(path)) {
      response.writeHead(404).end();
      return;
    }
    const text = readFileSync(path);
    onChallenge();
    response.end(text);
  });
  await listen(t, server, httpPort);
  return www;
}

function hookConfig({ file }: Machine, script: string): string[] {
  write(
    file('up.yaml'),
    `apiVersion: certwright.dev/v1alpha1
kind: UpConfiguration
hooks:
  - name: deploy
    timeout: 1h
    command: [${JSON.stringify(process.execPath)}, -e, ${JSON.stringify(script)}]
`,
  );
  return ['--config', file('up.yaml')];
}

const lines = (path: string): string[] =>
  existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];

suite('kill -9 of up', () => {
  test('between the files and the end of the hook: the hook runs again, and no certificate is ordered again', async (t) => {
    const world = await machine(t);
    manifests(world, webrootSolver, { web: ['shop.example.test'] });
    const www = await webServer(t, world);
    const [noted, hang] = [world.file('noted'), world.file('hang')];
    write(hang, '');
    const script = `
      const fs = require('node:fs');
      fs.appendFileSync(${JSON.stringify(noted)}, process.pid + '\\n');
      if (fs.existsSync(${JSON.stringify(hang)})) setInterval(() => {}, 1000);`;
    const args = ['--acme-webroot', www, ...hookConfig(world, script)];
    const first = startUp(t, world, args);
    await first.seen(/wrote \d+ files of Certificate shop\/web/);
    while (lines(noted).length === 0) await new Promise((done) => setImmediate(done));
    const { serialNumber } = exported(world, 'web');
    await first.kill();
    process.kill(Number(lines(noted)[0]), 'SIGKILL');
    rmSync(hang);

    const second = startUp(t, world, args);
    assert.match(await second.seen(/Hooks:\n.*\n/), /shop\/web: deploy done/);
    assert.equal(await second.stop(), 0);
    assert.equal(lines(noted).length, 2);
    assert.equal(exported(world, 'web').serialNumber, serialNumber);
    assert.equal(issued(world), 1);
  });

  test('while the CA looks at the webroot: the order goes on, and no file is left', async (t) => {
    const world = await machine(t, { noSleep: true });
    manifests(world, webrootSolver, { web: ['shop.example.test', 'www.shop.example.test'] });
    let [asked, first]: [number, ReturnType<typeof startUp> | undefined] = [0, undefined];
    const killed = Promise.withResolvers<void>();
    const www = await webServer(t, world, () => {
      if (asked++ === 0) killed.resolve(first?.kill());
    });
    first = startUp(t, world, ['--acme-webroot', www]);
    await killed.promise;
    assert.notDeepEqual(readdirSync(join(www, '.well-known/acme-challenge')), []);

    const second = startUp(t, world, ['--acme-webroot', www, '--once', '--timeout', '2m']);
    assert.equal(await second.ended, 0, second.text());
    assert.match(exported(world, 'web').subjectAltName ?? '', /DNS:www\.shop\.example\.test/);
    assert.deepEqual(readdirSync(join(www, '.well-known/acme-challenge')), []);
    assert.equal(ordered(world), 1);
  });
});

suite('renewal by up', () => {
  test('comes by itself in time, replaces the files at once, and runs the hook again', async (t) => {
    const seconds = 45;
    const world = await machine(t, {
      noSleep: true,
      profiles: { brief: { description: 'for a test', validityPeriod: seconds } },
    });
    manifests(world, webrootSolver, { web: ['shop.example.test'] }, '\n    profile: brief');
    const www = await webServer(t, world);
    const script = `
      const fs = require('node:fs');
      const { serialNumber } = new (require('node:crypto').X509Certificate)(fs.readFileSync(process.env.CERTWRIGHT_DIRECTORY + '/tls.crt'));
      fs.appendFileSync(${JSON.stringify(world.file('noted'))}, serialNumber + '\\n');`;
    const up = startUp(t, world, ['--acme-webroot', www, ...hookConfig(world, script)]);
    await up.seen(/Hooks:\n/);
    const before = exported(world, 'web');
    await up.seen(/wrote \d+ files of Certificate shop\/web[^]*wrote \d+ files of Certificate shop\/web/);
    await up.seen(/hook deploy has run[^]*hook deploy has run/);
    const after = exported(world, 'web');
    assert.notEqual(after.serialNumber, before.serialNumber);
    assert.ok(Date.parse(after.validFrom) < Date.parse(before.validTo), 'it was renewed before it ended');
    assert.deepEqual(lines(world.file('noted')).slice(0, 2), [before.serialNumber, after.serialNumber]);
    assert.equal(await up.stop(), 0);
  });
});

/** Orders that Pebble was asked for, and certificates that it issued. */
function ordered({ pebble }: Machine): number {
  return pebble.log().match(/Added order /g)?.length ?? 0;
}

function issued({ pebble }: Machine): number {
  return pebble.log().match(/Issued certificate serial /g)?.length ?? 0;
}
