/** Reads request paths: which resource, namespace, name and subresource is meant. */
import { badRequest } from './api-error.ts';

export interface ResourcePath {
  group: string;
  version: string;
  namespace?: string;
  plural: string;
  name?: string;
  subresource?: string;
  /** The deprecated `/watch/` prefix form. */
  watch: boolean;
}

/** Percent-decoded segments without empty ones. @throws ApiError 400 */
export function segmentsOf(path: string): string[] {
  try {
    return path
      .split('/')
      .filter((part) => part !== '')
      .map((part) => decodeURIComponent(part));
  } catch {
    throw badRequest(`the path ${path.slice(0, 256)} is not valid percent-encoding`);
  }
}

/** Resource paths below /api/v1 and /apis/group/version; undefined for anything else. */
export function parseResourcePath(segments: readonly string[]): ResourcePath | undefined {
  const core = segments[0] === 'api';
  if (!core && segments[0] !== 'apis') return undefined;
  let rest = segments.slice(core ? 2 : 3);
  const [group, version] = core ? ['', segments[1]] : [segments[1], segments[2]];
  if (group === undefined || version === undefined || rest.length === 0) return undefined;
  const watch = rest[0] === 'watch';
  if (watch) rest = rest.slice(1);
  const base = { group, version, watch };
  // namespaces/x and namespaces/x/status are the Namespace itself, namespaces/x/secrets is below it.
  if (core && rest[0] === 'namespaces' && (rest.length <= 2 || ['status', 'finalize'].includes(rest[2]!))) {
    return finish(base, rest);
  }
  if (rest[0] === 'namespaces' && rest.length >= 3) {
    return finish({ ...base, namespace: rest[1]! }, rest.slice(2));
  }
  return finish(base, rest);
}

function finish(
  base: Pick<ResourcePath, 'group' | 'version' | 'namespace' | 'watch'>,
  rest: readonly string[],
): ResourcePath | undefined {
  const [plural, name, subresource, ...more] = rest;
  if (plural === undefined || more.length > 0) return undefined;
  return {
    ...base,
    plural,
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource }),
  };
}
