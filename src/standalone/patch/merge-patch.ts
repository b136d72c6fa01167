/** JSON Merge Patch (RFC 7386). */
import { cloneJson, getKey, setKey } from '../schema/canonical.ts';
import { isJsonObject } from '../schema/json-schema.ts';
import { PatchError } from './patch-error.ts';

const deepest = 500;

function merge(target: unknown, patch: unknown, depth: number): unknown {
  if (depth > deepest) throw new PatchError('ERR_PATCH_TOO_LARGE', 'the patch is nested too deeply');
  if (!isJsonObject(patch)) return cloneJson(patch);
  const result: { [key: string]: unknown } = isJsonObject(target) ? { ...target } : {};
  for (const key of Object.keys(patch)) {
    if (patch[key] === null) delete result[key];
    else setKey(result, key, merge(getKey(result, key), patch[key], depth + 1));
  }
  return result;
}

/** RFC 7386 section 2. The result shares unchanged parts with `target`; neither input is modified. Throws PatchError. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  return merge(target, patch, 0);
}
