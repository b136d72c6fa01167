/** The policies for Orders and Challenges: what cannot change once it is set (spec/api.md §15, §16). */
import { challenges, orders } from '../../api/resources.ts';
import { matching, validatingPolicy, type ValidatingPolicy } from './admission-policy.ts';
import { Place } from './place.ts';
import { forbidden, found, together, when, type Problem } from './problems.ts';
import { isDuration } from './reference-problems.ts';

const [object, oldObject] = [new Place('object'), new Place('oldObject')];
const detail = 'field is immutable once set';

export function orderPolicy(): ValidatingPolicy {
  const { plural } = orders;
  const field = (...names: string[]) => keep(object.at(...names), oldObject.at(...names));
  const [now, old] = [object, oldObject].map((root) => root.at('status', 'authorizations')) as [Place, Place];
  return validatingPolicy({
    name: 'certwright-orders',
    matches: matching(orders, ['UPDATE'], plural, `${plural}/status`),
    problems: [
      {
        name: 'fields',
        expression: found([
          field('spec', 'request'),
          ...['url', 'finalizeURL', 'certificate'].map((name) => field('status', name)),
        ]),
      },
      { name: 'authorizations', expression: found([pairs(now, old, 'i', 'a', keptAuthorization)]) },
    ],
  });
}

/** Reports what was set before and is something else now. */
function keep(now: Place, old: Place, empty = "''"): Problem {
  return when(`${old.or(empty)} != ${empty} && ${now.or(empty)} != ${old.or(empty)}`, forbidden(now, detail));
}

/** Lists that were set keep their length; then entry by entry. `index` and `item` are the loop's variables. */
function pairs(
  now: Place,
  old: Place,
  index: string,
  item: string,
  kept: (now: Place, old: Place) => readonly Problem[],
): Problem {
  const path = [...now.path, '[', { cel: `string(${index})` }, ']'];
  const other = `${now.items}[${index}]`;
  const inner = together(kept(new Place(other, path), new Place(item, path)));
  const each = `${old.items}.transformList(${index}, ${item}, ${inner}).filter(p, p != '').join(', ')`;
  return `(size(${old.items}) == 0 ? '' : size(${old.items}) != size(${now.items}) ? ${forbidden(now, detail)} : ${each})`;
}

function keptAuthorization(now: Place, old: Place): Problem[] {
  return [
    ...['url', 'identifier', 'initialState'].map((name) => keep(now.at(name), old.at(name))),
    // False was set as much as true.
    when(
      `${old.at('wildcard').present} && ${now.at('wildcard').isTrue} != ${old.at('wildcard').isTrue}`,
      forbidden(now.at('wildcard'), detail),
    ),
    pairs(now.at('challenges'), old.at('challenges'), 'j', 'b', (after, before) =>
      ['url', 'type', 'token'].map((name) => keep(after.at(name), before.at(name))),
    ),
  ];
}

export function challengePolicy(): ValidatingPolicy {
  const { plural } = challenges;
  const [spec, old] = [object.at('spec'), oldObject.at('spec')];
  const differ = (fallback: string, ...names: string[]) =>
    `${spec.at(...names).or(fallback)} != ${old.at(...names).or(fallback)}`;
  const wait = ['solver', 'waitInsteadOfSelfCheck'];
  const [now, before] = [spec.at(...wait), old.at(...wait)];
  const sameWait = `${isDuration(now.text)} && ${isDuration(before.text)} && duration(${now.text}) == duration(${before.text})`;
  const changes = [
    ...['url', 'authorizationURL', 'dnsName', 'type', 'token', 'key'].map((name) => differ("''", name)),
    differ('false', 'wildcard'),
    ...['name', 'kind', 'group'].map((name) => differ("''", 'issuerRef', name)),
    ...['selector', 'http01', 'dns01', 'tlsALPN01', 'dnsPersist01'].map((name) =>
      differ('{}', 'solver', name),
    ),
    `(${differ("''", ...wait)} && !(${sameWait}))`,
  ];
  return validatingPolicy({
    name: 'certwright-challenges',
    matches: matching(challenges, ['UPDATE'], plural, `${plural}/status`),
    problems: [
      {
        name: 'spec',
        expression: found([
          when(
            changes.join(' || '),
            forbidden(
              spec,
              'challenge spec is immutable after creation; delete the Challenge and its Order makes a new one',
            ),
          ),
        ]),
      },
    ],
  });
}
