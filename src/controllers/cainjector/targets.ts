/** The four kinds that a bundle is written into, reduced to where it goes and what is there (spec/shims-webhook-cainjector.md §20, §21). */
import type { APIService, ConvertibleDefinition, WebhookConfiguration } from '../../api/injectable.ts';
import type { KubeObject, ManagedFieldsEntry } from '../../api/meta.ts';
import {
  apiServices,
  customResourceDefinitions,
  mutatingWebhookConfigurations,
  validatingWebhookConfigurations,
  type ResourceType,
} from '../../api/resources.ts';
import type { CainjectorOptions } from './options.ts';
import { sourceOf, type Source } from './source.ts';
import { isLegacy } from './upgrade-ownership.ts';

/** One field that holds a bundle. */
export interface Slot {
  /** Name of the webhook; empty for kinds with one bundle. */
  webhook: string;
  /** Base64 as the API has it; empty when there is none. */
  caBundle: string;
}

/** A target as the cache holds it. Objects that ask for nothing keep only their name. */
export interface TargetFacts {
  name: string;
  uid: string;
  resourceVersion: string;
  deleting: boolean;
  source: Source | undefined;
  slots: readonly Slot[];
  /** All managed fields, where one entry is of the days when the injector wrote without apply. */
  legacyFields?: readonly ManagedFieldsEntry[];
}

export interface TargetKind {
  /** Switches it off. */
  option: keyof CainjectorOptions & `${string}s`;
  resource: ResourceType;
  slotsOf(object: KubeObject): Slot[];
  /** The fields that are applied, and nothing beside them: each is ours from then on. */
  fieldsOf(slots: readonly Slot[]): object;
}

const webhooks = {
  slotsOf: (object: KubeObject): Slot[] =>
    ((object as WebhookConfiguration).webhooks ?? []).map(({ name, clientConfig }) => {
      return { webhook: name, caBundle: clientConfig?.caBundle ?? '' };
    }),
  fieldsOf: (slots: readonly Slot[]): object => ({
    webhooks: slots.map(({ webhook, caBundle }) => ({ name: webhook, clientConfig: { caBundle } })),
  }),
};

export const targetKinds: readonly TargetKind[] = [
  { option: 'mutatingWebhookConfigurations', resource: mutatingWebhookConfigurations, ...webhooks },
  { option: 'validatingWebhookConfigurations', resource: validatingWebhookConfigurations, ...webhooks },
  {
    option: 'apiServices',
    resource: apiServices,
    slotsOf: (object) => [{ webhook: '', caBundle: (object as APIService).spec?.caBundle ?? '' }],
    fieldsOf: ([slot]) => ({ spec: { caBundle: slot?.caBundle } }),
  },
  {
    option: 'customResourceDefinitions',
    resource: customResourceDefinitions,
    slotsOf: (object) => {
      const { conversion } = (object as ConvertibleDefinition).spec ?? {};
      if (conversion?.strategy !== 'Webhook') return [];
      return [{ webhook: '', caBundle: conversion.webhook?.clientConfig?.caBundle ?? '' }];
    },
    fieldsOf: ([slot]) => ({
      spec: { conversion: { webhook: { clientConfig: { caBundle: slot?.caBundle } } } },
    }),
  },
];

/** What the cache keeps of an object of `kind`: definitions are large, and few of them are targets. */
export function trimTarget(kind: TargetKind, object: KubeObject): TargetFacts {
  const {
    name = '',
    uid = '',
    resourceVersion = '',
    annotations,
    managedFields = [],
  } = object.metadata ?? {};
  const source = sourceOf(annotations);
  const deleting = object.metadata?.deletionTimestamp !== undefined;
  const facts = { name, uid, resourceVersion, deleting, source };
  if (source === undefined) return { ...facts, slots: [] };
  const legacy = managedFields.some(isLegacy);
  return { ...facts, slots: kind.slotsOf(object), ...(legacy ? { legacyFields: managedFields } : {}) };
}
