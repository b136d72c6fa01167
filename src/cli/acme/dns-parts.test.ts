/** What the process's own look-ups do: servers by the names that operators give them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDnsServer, txt } from '../../dns/testing/dns-server.ts';
import { systemClock } from '../../kube/clock.ts';
import { createDnsParts } from './dns-parts.ts';

test('a name server that --dns01-recursive-nameservers gives by name is asked', async (t) => {
  await using server = await startDnsServer(() => ({ answers: [txt('a.example.', 'x')] }));
  const parts = createDnsParts({ clock: systemClock, environment: {} });
  t.after(() => parts.close());
  const named = `localhost:${server.server.split(':').at(-1)}`;
  const { answers } = await parts.resolver.query('a.example.', 'TXT', { servers: [named] });
  assert.equal(answers.length, 1);
  await assert.rejects(
    parts.resolver.query('a.example.', 'TXT', { servers: ['dns.invalid:53'] }),
    /no name server answered .*dns\.invalid/u,
  );
});
