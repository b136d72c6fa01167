/** The watch over dns-persist-01 records beside the other controllers: what it looks for, whom it tells, and that it ends. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ordersModule } from '../../src/controllers/order/module.ts';
import { persistRecordsModule } from '../../src/controllers/persist-records/module.ts';
import type { RecordQuestion } from '../../src/solvers/dns-persist01/look-for-record.ts';
import { AcmeWorld } from './acme-world.ts';

test('a Certificate whose record is taken away hears of it long before its renewal', async (t) => {
  const asked: RecordQuestion[] = [];
  const missing: number[] = [];
  let closed = 0;
  const it = await AcmeWorld.start(
    t,
    {},
    {
      modules: [
        ordersModule(),
        persistRecordsModule({
          open: () => ({
            look: (question) => {
              asked.push(question);
              return Promise.resolve({ kind: 'missing', problem: 'there is none' });
            },
            close: () => Promise.resolve(void closed++),
          }),
          onMissing: (count) => void missing.push(count),
        }),
      ],
    },
  );
  await it.issuer([{ dnsPersist01: { nameservers: ['192.0.2.53:53'] } }]);
  for (const name of ['www.example.test', '*.www.example.test']) it.ca.validNames.add(name);
  await it.certificate('web', ['www.example.test', '*.www.example.test']);
  assert.equal((await it.world.condition('web', 'Ready'))?.status, 'True');
  await it.world.clock.advance(90 * 60_000);
  const [{ now: _now, ...question } = { now: 0 }] = asked;
  assert.deepEqual(question, {
    dnsName: 'www.example.test',
    wildcard: true,
    section: { nameservers: ['192.0.2.53:53'] },
    accountUri: 'https://ca.example/acct/1',
  });
  const told = (await it.world.told('Certificate', 'web')).filter((line) =>
    line.startsWith('ValidationRecord'),
  );
  assert.deepEqual(told, [
    'ValidationRecordMissing: there is none; set it again (certwright acme dns-persist-record --wildcard www.example.test prints it), or the next renewal fails',
  ]);
  assert.equal(missing.at(-1), 1);
  assert.deepEqual(it.world.problems, []);
  await it.world.stop();
  assert.equal(closed, 1);
});
