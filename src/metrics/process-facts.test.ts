import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchProcess } from './process-facts.ts';

test('a process tells what the machine knows of it', async () => {
  const watch = watchProcess();
  const facts = await watch.read();
  watch.stop();
  assert.ok(facts.residentBytes > 10e6 && facts.heapUsedBytes > 1e6, JSON.stringify(facts));
  assert.ok(facts.cpuSeconds > 0 && facts.cpuSeconds <= process.cpuUsage().user + process.cpuUsage().system);
  assert.ok(facts.startSeconds > 1.6e9 && facts.startSeconds <= Date.now() / 1000);
  assert.equal(facts.loopLag, undefined, 'a window that is not full says nothing');
  if (process.platform !== 'linux') return;
  assert.ok((facts.openFds ?? 0) > 2 && (facts.maxFds ?? 0) >= (facts.openFds ?? 0));
  assert.ok((facts.virtualBytes ?? 0) > facts.residentBytes);
});
