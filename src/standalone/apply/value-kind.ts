/** Decides how a value is walked: as a leaf, a map or an associative list. */
import { isJsonObject } from '../schema/json-schema.ts';
import type { MergeSchema } from './merge-schema.ts';

/** The deepest value that is walked; below it everything is one leaf. */
export const deepestValue = 200;

export function isMap(schema: MergeSchema, value: unknown): value is { [key: string]: unknown } {
  return (schema.kind === 'map' || schema.kind === 'deduced') && isJsonObject(value);
}

export function isAssociative(schema: MergeSchema, value: unknown): value is unknown[] {
  return (schema.kind === 'set' || schema.kind === 'list') && Array.isArray(value);
}
