/** Holds a server to the tables of src/admission/testing, row by row. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AdmissionCase } from '../../src/admission/testing/admission-case.ts';
import { allCases } from '../../src/admission/testing/all-cases.ts';
import type { AdmissionPlayer, Verdict } from './admission-player.ts';

export interface TableOptions {
  player: () => AdmissionPlayer;
  /** `group: title` of rows that this server admits although they are refused elsewhere, with the reason. */
  admits: Readonly<Record<string, string>>;
  /** What is said instead of the path of the field. */
  names: Readonly<Record<string, RegExp>>;
}

export function playTable({ player, admits, names }: TableOptions): void {
  const titles = new Set(allCases.map(titleOf));
  test('every listed difference is about a row of the tables', () => {
    for (const title of [...Object.keys(admits), ...Object.keys(names)]) assert.ok(titles.has(title), title);
  });
  for (const group of new Set(allCases.map((each) => each.group))) {
    describe(group, () => {
      for (const each of allCases.filter((one) => one.group === group)) {
        const title = titleOf(each);
        test(each.title, async () => {
          const verdict = await player().play(each);
          const admitted = each.expected.length === 0 || Object.hasOwn(admits, title);
          assert.equal(verdict.admitted, admitted, verdict.message);
          if (!admitted) assertNamed(verdict, each, names[title]);
        });
      }
    });
  }
}

function titleOf({ group, title }: AdmissionCase): string {
  return `${group}: ${title}`;
}

/** Ours name every field. The schema comes first and ends there: it names one of them, or what it is part of. */
function assertNamed({ status, message }: Verdict, { expected }: AdmissionCase, instead?: RegExp): void {
  if (instead !== undefined) {
    assert.match(message, instead);
    return;
  }
  const paths = expected.map((text) => text.split(': ')[0] ?? '');
  if (status === 422) {
    const parents = paths.flatMap((path) => [path, path.slice(0, path.lastIndexOf('.'))]);
    assert.ok(
      parents.some((path) => message.includes(path)),
      message,
    );
  } else for (const path of paths) assert.ok(message.includes(`${path}: `), message);
}
