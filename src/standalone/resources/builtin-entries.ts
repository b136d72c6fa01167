/** The table of built-in kinds. A new kind is one more line here. */
import { certificateSigningRequestEntry } from './builtin/certificate-signing-request.ts';
import { configMapEntry, secretEntry } from './builtin/config.ts';
import { customResourceDefinitionEntry } from './builtin/custom-resource-definition.ts';
import { eventEntry, eventViewEntry } from './builtin/event.ts';
import { leaseEntry, serviceAccountEntry } from './builtin/identity.ts';
import { ingressClassEntry, ingressEntry } from './builtin/ingress.ts';
import { namespaceEntry } from './builtin/namespace.ts';
import { reviewEntries } from './builtin/reviews.ts';
import type { ResourceEntry } from './resource-entry.ts';

export const builtinEntries: readonly ResourceEntry[] = [
  namespaceEntry,
  configMapEntry,
  secretEntry,
  serviceAccountEntry,
  eventEntry,
  eventViewEntry,
  leaseEntry,
  customResourceDefinitionEntry,
  certificateSigningRequestEntry,
  ingressEntry,
  ingressClassEntry,
  ...reviewEntries,
];
