/** Holds what we left behind against what somebody else did, object by object. */
import type { Event } from '../../src/api/core.ts';
import type { KubeObject } from '../../src/api/meta.ts';
import { eventLine, generatedNames, plainName, shapeOf } from './shape.ts';

export interface Difference {
  kind: string;
  name: string;
  /** `object` when it is only on one side, `event <source> <type> <reason>`, or a path of `shapeOf`. */
  path: string;
  theirs: string | undefined;
  ours: string | undefined;
}

export interface Left {
  /** Everything but events. */
  objects: readonly KubeObject[];
  events: readonly Event[];
}

export function compareObjects(theirs: Left, ours: Left): Difference[] {
  const [left, right] = [index(theirs), index(ours)];
  const found: Difference[] = [];
  for (const id of new Set([...left.keys(), ...right.keys()])) {
    const [kind = '', name = ''] = id.split(' ');
    const [a, b] = [left.get(id), right.get(id)];
    // A missing object is one difference, not one for each of its fields.
    const alone = a?.has('object') === b?.has('object') ? undefined : 'object';
    for (const path of new Set([...(a?.keys() ?? []), ...(b?.keys() ?? [])])) {
      if (alone !== undefined && path !== alone && !path.startsWith('event ')) continue;
      const difference = { kind, name, path, theirs: a?.get(path), ours: b?.get(path) };
      if (difference.theirs !== difference.ours) found.push(difference);
    }
  }
  return found;
}

/** By `Kind name`: the names of the fixtures are unique over namespaces. */
function index({ objects, events }: Left): Map<string, Map<string, string>> {
  const generated = generatedNames(objects);
  const all = new Map<string, Map<string, string>>();
  for (const object of objects) {
    const { kind = '', metadata } = object;
    const shape = shapeOf(object, generated);
    all.set(`${kind} ${plainName(metadata?.name ?? '', generated)}`, shape.set('object', 'present'));
  }
  for (const event of events) {
    const { kind = '', name = '' } = event.involvedObject;
    const id = `${kind} ${name}`;
    const shape = all.get(id) ?? new Map<string, string>();
    all.set(id, shape.set(`event ${eventLine(event)}`, 'recorded'));
  }
  return all;
}
