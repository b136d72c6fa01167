/** Problem documents (RFC 9457, RFC 8555 §6.7): typed, bounded, whatever was sent in their place. */
import type { AcmeProblem } from './acme-client.ts';
import { AcmeProblemError } from './errors.ts';
import { header, links, location, retryAfter, type Headers } from './answer-headers.ts';
import { boundedText, displayUrl, field, identifier, isObject, type JsonObject } from './read-fields.ts';

const maxDetail = 2000;
const maxSubproblems = 100;
const maxSubdetail = 500;

/** The `error` of an order or challenge. Undefined: there is none. */
export function problemOf(value: unknown): AcmeProblem | undefined {
  return isObject(value) ? readProblem(value, maxDetail, true) : undefined;
}

function readProblem(object: JsonObject, detailLength: number, withSubproblems: boolean): AcmeProblem {
  const type = boundedText(field(object, 'type'), 256) ?? '';
  const status = field(object, 'status');
  const inner = field(object, 'subproblems');
  const entries: unknown[] = withSubproblems && Array.isArray(inner) ? inner.slice(0, maxSubproblems) : [];
  const title = boundedText(field(object, 'title'), 256) ?? '';
  return {
    type: type === '' ? 'about:blank' : type,
    detail: boundedText(field(object, 'detail'), detailLength) ?? title,
    status:
      typeof status === 'number' && Number.isInteger(status) && status > 99 && status < 600
        ? status
        : undefined,
    identifier: identifier(field(object, 'identifier')),
    subproblems: entries.filter(isObject).map((entry) => readProblem(entry, maxSubdetail, false)),
    instance: displayUrl(field(object, 'instance')),
  };
}

/**
 * The error for an answer that is no success. The status of HTTP counts, not the one that the document claims, and a body
 * counts as a problem document when it is one, whatever its content type says.
 */
export function problemError(
  answer: { status: number; headers: Headers; body: Uint8Array },
  request: { method: string; url: string; isDirectory?: boolean },
  now: number,
): AcmeProblemError {
  const waitMs = retryAfter(answer.headers, now);
  const problem = readBody(answer);
  // Every ACME server has its directory: where there is none, somebody has mistyped the address.
  const isElsewhere = request.isDirectory === true && answer.status === 404 && problem.type === 'about:blank';
  return new AcmeProblemError(problem, {
    status: answer.status,
    ...(isElsewhere
      ? { request: `GET ${request.url.slice(0, 300)}; is that the address of an ACME directory?` }
      : {}),
    retryAt: waitMs === undefined ? undefined : now + waitMs,
    termsOfService: links(answer.headers, 'terms-of-service', request.url)[0],
    location: location(answer.headers, request.url),
  });
}

function readBody(answer: { status: number; headers: Headers; body: Uint8Array }): AcmeProblem {
  const text = new TextDecoder().decode(answer.body.subarray(0, 1 << 20));
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value) && typeof field(value, 'type') === 'string')
      return readProblem(value, maxDetail, true);
  } catch {
    // Not JSON: a proxy or a load balancer speaks. Its words are the detail.
  }
  // Whoever may create an Issuer chooses what is asked: data of a server that is no CA does not get into a status.
  const isText = /^(?:text\/plain|application\/problem\+json)/iu.test(
    header(answer.headers, 'content-type') ?? 'text/plain',
  );
  const words = isText ? boundedText(text, 300) : undefined;
  const detail =
    words === undefined || words === '' ? `the CA answered ${answer.status} without a reason` : words;
  return { type: 'about:blank', detail, subproblems: [] };
}
