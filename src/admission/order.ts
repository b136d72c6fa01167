/** What cannot change on Orders and Challenges once it is set (spec/api.md §15, §16). */
import type { FieldErrors } from './field-errors.ts';
import type { Field } from './field.ts';
import { sameContent } from './same-content.ts';

const detail = 'field is immutable once set';

export function validateOrderUpdate(before: Field, after: Field, errors: FieldErrors): void {
  keep(before, after, ['spec', 'request'], errors);
  for (const name of ['url', 'finalizeURL', 'certificate']) keep(before, after, ['status', name], errors);
  const [old, now] = [before.at('status', 'authorizations'), after.at('status', 'authorizations')];
  if (old.items.length === 0) return;
  if (old.items.length !== now.items.length) {
    errors.forbidden(now, detail);
    return;
  }
  old.items.forEach((authorization, index) => keepAuthorization(authorization, now.items[index]!, errors));
}

function keepAuthorization(before: Field, after: Field, errors: FieldErrors): void {
  for (const name of ['url', 'identifier', 'wildcard', 'initialState']) keep(before, after, [name], errors);
  const [old, now] = [before.at('challenges').items, after.at('challenges').items];
  if (old.length === 0) return;
  if (old.length !== now.length) {
    errors.forbidden(after.at('challenges'), detail);
    return;
  }
  old.forEach((challenge, index) => {
    for (const name of ['url', 'type', 'token']) keep(challenge, now[index]!, [name], errors);
  });
}

function keep(before: Field, after: Field, path: string[], errors: FieldErrors): void {
  const [old, now] = [before.at(...path), after.at(...path)];
  if (!old.present || (old.text === '' && typeof old.value === 'string')) return;
  if (!sameContent(old.value, now.value)) errors.forbidden(now, detail);
}

export function validateChallengeUpdate(before: Field, after: Field, errors: FieldErrors): void {
  if (!sameContent(before.at('spec').value, after.at('spec').value)) {
    errors.forbidden(
      after.at('spec'),
      'challenge spec is immutable after creation; delete the Challenge and its Order makes a new one',
    );
  }
}
