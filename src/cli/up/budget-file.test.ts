import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import type { BudgetOrder } from '../../acme/budget/order-budget.ts';
import { readCaLimits } from '../../acme/budget/ca-limits.ts';
import { createFakeClock } from '../../kube/testing/fake-clock.ts';
import { openBudgetFile } from './budget-file.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };
const directory = 'https://ca.example/directory';
const limits = readCaLimits([
  {
    ca: 'ours',
    directories: [directory],
    limits: [
      {
        name: 'certificates',
        counts: 'certificate',
        per: 'registered-domain',
        allowed: 1,
        windowSeconds: 86_400,
      },
    ],
  },
]);
const wish = (id: string, name: string): BudgetOrder => ({
  id,
  directory,
  account: 'https://ca.example/a/1',
  identifiers: [{ type: 'dns', value: name }],
  replaces: false,
});

async function scratch(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'budget-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

suite('the ledger of up', () => {
  test('remembers over a restart what was used, and is kept private', async (t) => {
    const path = join(await scratch(t), 'data/acme-budget.json');
    const clock = createFakeClock(Date.UTC(2026, 0, 1));
    const first = await openBudgetFile({ path, limits, clock, log });
    assert.equal(first.budget.admit(wish('1', 'a.example.com'), clock.now()).admit, true);
    first.budget.issued(wish('1', 'a.example.com'), clock.now());
    await first.close();
    assert.equal((await stat(path)).mode & 0o777, 0o600);

    const second = await openBudgetFile({ path, limits, clock, log });
    const answer = second.budget.admit(wish('2', 'b.example.com'), clock.now());
    assert.equal(answer.admit, false);
    await second.close();
  });

  test('is written while the process runs, too', async (t) => {
    const path = join(await scratch(t), 'acme-budget.json');
    const clock = createFakeClock(Date.UTC(2026, 0, 1));
    const open = await openBudgetFile({ path, limits, clock, log });
    open.budget.issued(wish('1', 'a.example.com'), clock.now());
    await clock.advance(60_000);
    await open.close();
    assert.match(await readFile(path, 'utf8'), /example\.com/);
  });

  test('counts by the public suffixes of the system, where it has them; begins anew with a damaged file', async (t) => {
    const folder = await scratch(t);
    const path = join(folder, 'acme-budget.json');
    await writeFile(path, '{"version":');
    const publicSuffixList = join(folder, 'list.dat');
    await writeFile(publicSuffixList, 'com\nhosting.com\n');
    const clock = createFakeClock(Date.UTC(2026, 0, 1));
    const { budget, close } = await openBudgetFile({ path, limits, clock, log, publicSuffixList });
    budget.issued(wish('1', 'a.hosting.com'), clock.now());
    assert.equal(budget.admit(wish('2', 'b.hosting.com'), clock.now()).admit, true);
    assert.equal(budget.admit(wish('3', 'www.a.hosting.com'), clock.now()).admit, false);
    await close();
  });
});
