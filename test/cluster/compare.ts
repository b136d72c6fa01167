/** Runs a case on both servers and lists where the answers differ, once what must differ is made equal. */
import assert from 'node:assert/strict';
import { DIFFERENCES, EVERYWHERE } from './differences.ts';
import type { Answered, Ask, TwoServers } from './two-servers.ts';

/**
 * One case: requests in order, in a namespace of its own. In a path or body `$rv(n)` and `$uid(n)` stand for the
 * resourceVersion and uid in the answer to request n of the same server, counted from 0; `$continue(n)` for the token
 * of a list.
 */
export interface Case {
  readonly name: string;
  readonly steps: readonly Ask[];
}

let cases = 0;

/** @throws AssertionError with every difference that `differences.ts` does not explain, and every entry that explains none */
export async function compareCase(servers: TwoServers, { name, steps }: Case): Promise<void> {
  const namespace = `diff-${process.pid}-${(cases += 1)}`;
  const found: string[] = [];
  const [real, ours]: [Answered[], Answered[]] = [[], []];
  const create: Ask = {
    method: 'POST',
    path: '/api/v1/namespaces',
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
  };
  for (const side of [servers.real, servers.ours]) assert.equal((await side(create)).status, 201);
  for (const [index, step] of steps.entries()) {
    const [there, here] = await Promise.all([
      servers.real(fill(step, namespace, real)),
      servers.ours(fill(step, namespace, ours)),
    ]);
    real.push(there);
    ours.push(here);
    const [theirs, mine] = [normalise(there, namespace), normalise(here, namespace)];
    for (const line of differences(theirs, mine, '')) found.push(`${index}${line}`);
  }
  const known = DIFFERENCES[name] ?? [];
  const open = found.filter((line) => ![...known, ...EVERYWHERE].some(({ at }) => at.test(line)));
  const idle = known
    .filter(({ at, race }) => race !== true && !found.some((line) => at.test(line)))
    .map(({ at }) => String(at));
  if (open.length > 0) assert.fail(`answers differ (step.path):\n${open.join('\n')}`);
  assert.deepEqual(idle, [], `${name}: listed in differences.ts, but there is no such difference`);
}

function fill(step: Ask, namespace: string, earlier: readonly Answered[]): Ask {
  const text = JSON.stringify(step)
    .replaceAll('{ns}', namespace)
    .replaceAll(/\$(rv|uid|continue)\((\d+)\)/gu, (_, what: string, index: string) => {
      const body = earlier[Number(index)]?.body as { metadata?: Record<string, string> } | undefined;
      const meta = body?.metadata;
      return meta?.[what === 'rv' ? 'resourceVersion' : what] ?? 'absent';
    });
  return JSON.parse(text) as Ask;
}

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gu;
const TIME = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/gu;
const AGE = /^\d+(?:s|ms)$/u;

/** Uids, times and versions are each server's own: only that they are there is compared. */
function normalise(value: unknown, namespace: string): unknown {
  const walk = (each: unknown, key: string): unknown => {
    if (Array.isArray(each)) return withoutRepeatedBookmarks(each.map((item) => walk(item, '')));
    if (typeof each === 'object' && each !== null)
      return Object.fromEntries(
        Object.entries(each).map(([name, item]) => [name.replaceAll(UUID, '<uid>'), walk(item, name)]),
      );
    if (typeof each !== 'string') return each;
    if (key === 'resourceVersion' && /^\d+$/u.test(each) && each !== '0') return '<rv>';
    if (key === 'continue' && each !== '') return '<continue>';
    if (key === '' && AGE.test(each)) return '<age>';
    return each.replaceAll(UUID, '<uid>').replaceAll(TIME, '<time>').replaceAll(namespace, '<ns>');
  };
  return walk(value, '');
}

/** How often bookmarks come is not promised. */
function withoutRepeatedBookmarks(items: readonly unknown[]): unknown[] {
  const isBookmark = (item: unknown): boolean => isObject(item) && item['type'] === 'BOOKMARK';
  return items.filter((item, index) => !isBookmark(item) || !isBookmark(items[index - 1]));
}

function differences(real: unknown, ours: unknown, path: string): string[] {
  if (Array.isArray(real) && Array.isArray(ours))
    return Array.from({ length: Math.max(real.length, ours.length) }).flatMap((_, index) =>
      differences(real[index], ours[index], `${path}[${index}]`),
    );
  if (isObject(real) && isObject(ours))
    return [...new Set([...Object.keys(real), ...Object.keys(ours)])]
      .toSorted()
      .flatMap((key) => differences(real[key], ours[key], `${path}.${key}`));
  if (Object.is(real, ours)) return [];
  return [`${path}: real ${JSON.stringify(real)} ours ${JSON.stringify(ours)}`];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
