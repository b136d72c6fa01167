/** Events: one store, served as core/v1 and as events.k8s.io/v1. */
import type { FieldError } from '../../../api/admission.ts';
import { events } from '../../../api/resources.ts';
import { defineResource } from '../define-resource.ts';
import { ageSince } from '../printing.ts';
import { metaOf, textOf, type Column, type JsonObject } from '../resource-entry.ts';
import { int, microTime, object, objectReference, text, time } from '../schemas.ts';

function child(event: JsonObject, key: string): JsonObject {
  const found = event[key];
  return typeof found === 'object' && found !== null ? (found as JsonObject) : {};
}

/** Reads the core form's fields by their core names. */
function selectable(reference: string): Record<string, (event: JsonObject) => string> {
  const fields = Object.fromEntries(
    ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'].map((field) => [
      `${reference}.${field}`,
      (event: JsonObject) => textOf(child(event, reference)[field]),
    ]),
  );
  return {
    ...fields,
    reason: (event) => textOf(event['reason']),
    type: (event) => textOf(event['type']),
    reportingComponent: (event) =>
      textOf(event['reportingComponent']) || textOf(event['reportingController']),
    reportingController: (event) =>
      textOf(event['reportingController']) || textOf(event['reportingComponent']),
    source: (event) =>
      textOf(child(event, 'source')['component']) ||
      textOf(child(event, 'deprecatedSource')['component']) ||
      textOf(event['reportingComponent']) ||
      textOf(event['reportingController']),
  };
}

function lastSeen(event: JsonObject, now: number): string {
  const series = child(event, 'series')['lastObservedTime'];
  const at = series ?? event['lastTimestamp'] ?? event['deprecatedLastTimestamp'] ?? event['eventTime'];
  return ageSince(typeof at === 'string' ? at : metaOf(event).creationTimestamp, now);
}

function subject(event: JsonObject): string {
  const about =
    Object.keys(child(event, 'involvedObject')).length > 0
      ? child(event, 'involvedObject')
      : child(event, 'regarding');
  return `${textOf(about['kind']).toLowerCase()}/${textOf(about['name'])}`;
}

function sourceOf(event: JsonObject): string {
  const source =
    Object.keys(child(event, 'source')).length > 0
      ? child(event, 'source')
      : child(event, 'deprecatedSource');
  const component =
    textOf(source['component']) ||
    textOf(event['reportingComponent']) ||
    textOf(event['reportingController']);
  const host = textOf(source['host']);
  return host === '' ? component : `${component}, ${host}`;
}

function countOf(event: JsonObject): string {
  const count = child(event, 'series')['count'] ?? event['count'] ?? event['deprecatedCount'];
  return typeof count === 'number' ? String(count) : '1';
}

const columns: Column[] = [
  { name: 'Last Seen', type: 'string', description: 'When the event was last seen.', cell: lastSeen },
  { name: 'Type', type: 'string', description: 'Normal or Warning.', cell: (event) => textOf(event['type']) },
  {
    name: 'Reason',
    type: 'string',
    description: 'Machine-readable reason.',
    cell: (event) => textOf(event['reason']),
  },
  { name: 'Object', type: 'string', description: 'What the event is about.', cell: subject },
  {
    name: 'Subobject',
    type: 'string',
    description: 'Part of the object.',
    priority: 1,
    cell: (event) =>
      textOf(child(event, 'involvedObject')['fieldPath']) || textOf(child(event, 'regarding')['fieldPath']),
  },
  { name: 'Source', type: 'string', description: 'Who reports.', priority: 1, cell: sourceOf },
  {
    name: 'Message',
    type: 'string',
    description: 'For people.',
    cell: (event) => (textOf(event['message']) || textOf(event['note'])).trim(),
  },
  {
    name: 'First Seen',
    type: 'string',
    description: 'When the event was first seen.',
    priority: 1,
    cell: (event, now) => {
      const at = event['firstTimestamp'] ?? event['deprecatedFirstTimestamp'] ?? event['eventTime'];
      return ageSince(typeof at === 'string' ? at : metaOf(event).creationTimestamp, now);
    },
  },
  {
    name: 'Count',
    type: 'string',
    description: 'How often it was seen.',
    priority: 1,
    cell: (event) => countOf(event),
  },
  {
    name: 'Name',
    type: 'string',
    format: 'name',
    description: 'Name of the event.',
    priority: 1,
    cell: (event) => metaOf(event).name ?? '',
  },
];

const series = object('A run of equal events.', {
  count: int('How many there were.'),
  lastObservedTime: microTime('When the last one was seen.'),
});
const source = object('Who reported.', { component: text('Component.'), host: text('Machine.') });

const shared = {
  reason: text('Machine-readable reason.'),
  type: text('Normal or Warning.'),
  action: text('What was done or failed.'),
  eventTime: microTime('When the event was first seen.'),
  related: objectReference,
  series,
  reportingInstance: text('Instance of the reporter.'),
};

function checkEvent(event: JsonObject): FieldError[] {
  const reference =
    child(event, 'involvedObject')['name'] === undefined
      ? child(event, 'regarding')
      : child(event, 'involvedObject');
  const namespace = textOf(reference['namespace']);
  const own = metaOf(event).namespace ?? '';
  // Events about cluster-scoped objects live in default (core/v1 event validation).
  if (namespace === '' ? own !== 'default' && own !== 'kube-system' : namespace !== own) {
    return [
      {
        type: 'Invalid',
        path: 'involvedObject.namespace',
        value: namespace,
        detail: 'does not match event.namespace',
      },
    ];
  }
  return [];
}

export const eventEntry = defineResource({
  type: events,
  description: 'A report about something that happened to an object. Removed an hour after its last write.',
  properties: {
    ...shared,
    involvedObject: objectReference,
    message: text('For people.'),
    source,
    firstTimestamp: time('When it was first seen.'),
    lastTimestamp: time('When it was last seen.'),
    count: int('How often it was seen.'),
    reportingComponent: text('Name of the reporter.'),
  },
  required: ['involvedObject'],
  columns,
  selectableFields: selectable('involvedObject'),
  validate: checkEvent,
});

/** core name -> events.k8s.io name, where they differ. */
const RENAMED = {
  involvedObject: 'regarding',
  message: 'note',
  source: 'deprecatedSource',
  firstTimestamp: 'deprecatedFirstTimestamp',
  lastTimestamp: 'deprecatedLastTimestamp',
  count: 'deprecatedCount',
  reportingComponent: 'reportingController',
} as const;
const NEW_NAMES = new Map<string, string>(Object.entries(RENAMED));
const OLD_NAMES = new Map<string, string>(Object.entries(RENAMED).map(([core, view]) => [view, core]));

function rename(event: JsonObject, names: ReadonlyMap<string, string>, apiVersion: string): JsonObject {
  const renamed = Object.entries(event).map(([key, value]) => [names.get(key) ?? key, value]);
  return { ...Object.fromEntries(renamed), apiVersion };
}

export const eventViewEntry = defineResource({
  type: { ...events, group: 'events.k8s.io' },
  storageKey: eventEntry.storageKey,
  storageApiVersion: eventEntry.storageApiVersion,
  description: eventEntry.openapi.description ?? '',
  properties: {
    ...shared,
    regarding: objectReference,
    note: text('For people.'),
    deprecatedSource: source,
    deprecatedFirstTimestamp: time('When it was first seen.'),
    deprecatedLastTimestamp: time('When it was last seen.'),
    deprecatedCount: int('How often it was seen.'),
    reportingController: text('Name of the reporter.'),
  },
  columns,
  selectableFields: selectable('regarding'),
  validate: checkEvent,
  fromStorage: (event) => rename(event, NEW_NAMES, 'events.k8s.io/v1'),
  toStorage: (event) => rename(event, OLD_NAMES, 'v1'),
});
