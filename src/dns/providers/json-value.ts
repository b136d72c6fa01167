/** Reading JSON of other people: what is not there, or is something else than expected, reads as absent. */

export type JsonObject = Readonly<Record<string, unknown>>;

/** Parsed, or undefined where the text is no JSON. */
export function parsed(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}

export function asObject(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Objects of a list; anything else in it is passed over. */
export function asObjects(value: unknown): readonly JsonObject[] {
  return asList(value).filter(
    (one): one is JsonObject => typeof one === 'object' && one !== null && !Array.isArray(one),
  );
}

/** Strings of a list; anything else in it is passed over. */
export function asTexts(value: unknown): readonly string[] {
  return asList(value).filter((one): one is string => typeof one === 'string');
}

/** A string that is not empty. Numbers count: several APIs went from numeric ids to strings, or back. */
export function asText(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
