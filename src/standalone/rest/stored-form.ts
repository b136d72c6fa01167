/** Between the stored JSON of an object and the version of it that a client asked for. */
import { apiVersionOf } from '../../api/resources.ts';
import type { JsonObject, ResourceEntry } from '../resources/resource-entry.ts';

/** Parses stored JSON and gives it the served version's form. The result is the caller's own. */
export function decodeStored(entry: ResourceEntry, json: string): JsonObject {
  const object = JSON.parse(json) as JsonObject;
  if (entry.fromStorage !== undefined) return entry.fromStorage(object);
  object['apiVersion'] = apiVersionOf(entry.type);
  return object;
}

/** Stored JSON in the served version's form, without parsing when they are the same. */
export function renderStored(entry: ResourceEntry, json: string): string {
  if (entry.fromStorage === undefined && apiVersionOf(entry.type) === entry.storageApiVersion) return json;
  return JSON.stringify(decodeStored(entry, json));
}

/** The stored form, with apiVersion, kind and metadata first. Shares parts with `object`. */
export function toStored(entry: ResourceEntry, object: JsonObject): JsonObject {
  const stored = entry.toStorage === undefined ? object : entry.toStorage(object);
  const { apiVersion: _version, kind, metadata, ...rest } = stored;
  return { apiVersion: entry.storageApiVersion, kind, metadata, ...rest };
}

/** Random UUID (RFC 9562 §5.4). */
export function uuid(random: (size: number) => Uint8Array): string {
  const bytes = Buffer.from(random(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The alphabet of generated names leaves out vowels, so that no words appear. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

export function randomSuffix(random: (size: number) => Uint8Array): string {
  return Array.from(random(5), (byte) => ALPHABET[byte % ALPHABET.length]).join('');
}
