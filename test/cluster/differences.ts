/** Where the embedded server answers otherwise than kube-apiserver 1.36, on purpose or without harm, and why. */

export interface Difference {
  /** Matches lines of the form `step.path.in.answer: real … ours …`. */
  readonly at: RegExp;
  readonly reason: string;
}

/** In any case. */
export const EVERYWHERE: readonly Difference[] = [
  { at: /metadata\.continue: real "" ours undefined$/u, reason: 'absent and empty mean the same to clients' },
  { at: /columnDefinitions\[\d+\]\.description: /u, reason: 'descriptions of columns are our own words' },
  {
    at: /columnDefinitions: real null ours \[\]$/u,
    reason: 'no columns after the first event of a watch, however it is written',
  },
  {
    at: /causes\[\d+\](?:: real .*|\.field: real "<nil>" .*)some validation rules were not checked/u,
    reason: 'a remark about rules that were left out, not a refusal; ours lists refusals only',
  },
  {
    at: /\.reason: real "FieldValueTypeInvalid" ours "FieldValueInvalid"$/u,
    reason: 'the message names the type; the finer reason is not told apart yet',
  },
  {
    at: /\.details: real undefined ours .*"UnknownField"/u,
    reason: 'unknown fields are named as causes, too, so that a program need not read the message',
  },
];

const WORDS: Difference = {
  at: /\.message: /u,
  reason: 'messages for people are our own words where the refusal is the same',
};

/** Every line of the steps, whatever it says. */
function steps(...numbers: readonly number[]): RegExp {
  return new RegExp(`^(?:${numbers.join('|')})[.[]`, 'u');
}

/** By the case's name. An entry that matches nothing fails its case. */
export const DIFFERENCES: Readonly<Record<string, readonly Difference[]>> = {
  'apply refuses: no manager, wrong name, managed fields, no kind, a wrong type': [
    WORDS,
    { at: steps(3), reason: 'kind and apiVersion are known from the path, so their absence is forgiven' },
    {
      at: steps(6, 7, 8),
      reason:
        'a field that is unknown or of another type is a mistake of the client: 4xx with the field named, or a warning, not a bare 500',
    },
  ],
  'lists, selectors and pages': [WORDS],
  'tables of Certificates, Secrets, ConfigMaps, Namespaces': [
    { at: /^15\..*f:spec: /u, reason: 'the finalizer that the server itself sets is tracked too' },
  ],
  'tables of requests, issuers and Events': [
    {
      at: /(?:eventTime|Timestamp): real null ours undefined$/u,
      reason: 'no value, and null, mean the same',
    },
    { at: /reporting\w+: real "" ours undefined$/u, reason: 'absent and empty mean the same' },
    { at: /ource: real \{\} ours undefined$/u, reason: 'absent and empty mean the same' },
    {
      at: /items\[0\]\.(?:apiVersion|kind): real undefined/u,
      reason: 'items of built-in lists name their kind as those of custom resources do',
    },
    {
      at: /managedFields\[0\]\.fieldsV1\.f:source\.\.: /u,
      reason: 'of a struct that is always there, kube-apiserver does not own the whole',
    },
    { at: steps(12), reason: 'Events of the newer API are not held to eventTime and type' },
    { at: /^13\..*\.message: /u, reason: 'the printed value differs' },
  ],
  'paths, methods and kinds that are not there': [
    WORDS,
    { at: steps(0, 1, 2, 3, 9), reason: '404 with a Status instead of plain text: kubectl prints the same' },
    { at: /^6\.body\.details/u, reason: 'a subresource that does not exist is a path that does not exist' },
    { at: steps(11, 12), reason: 'POST to an object and PUT to a list are refused as methods' },
    { at: steps(14), reason: 'answers are JSON only' },
    { at: steps(18), reason: 'our own version' },
    { at: steps(19), reason: 'order of the resources, and hashes for storage migration that we do not have' },
  ],
  'watches: from now, from a version, with a table, with selectors, from versions that are none': [
    WORDS,
    {
      at: steps(11),
      reason: "Debian's etcd 3.4 lacks progress requests, so that the real server refuses streaming lists",
    },
    { at: steps(12, 13), reason: 'refused by both, here as a bad request' },
    { at: steps(14), reason: 'our history reaches back to version 1 until it is cut' },
  ],
  'create, read, replace, with versions that are old': [
    WORDS,
    { at: steps(5), reason: 'a version that is no number cannot be current: 409 instead of 500' },
    { at: steps(6, 7), reason: 'of two mistakes in one request the other is named' },
  ],
  'generated names, and names that are none': [
    WORDS,
    { at: /^6\..*causes\[0\]\.field: /u, reason: 'the index of the owner is named' },
    { at: steps(7), reason: 'a mistake of the client: 400 instead of 500' },
  ],
  'schemas: types, enums, required, rules, unknown and repeated fields': [
    WORDS,
    { at: /^1\.body\.details\.causes/u, reason: 'the same refusals in another order' },
    { at: steps(12), reason: 'a kind that is not the path is a bad request, as another version is' },
    { at: /^13\.warnings/u, reason: 'a refused body gets no warnings' },
    { at: steps(14), reason: 'kind and apiVersion are known from the path, so their absence is forgiven' },
  ],
  'patches of every type': [
    WORDS,
    { at: /^[456]\.body\.details: real \{\}/u, reason: 'empty details say nothing' },
    { at: steps(11), reason: 'another uid is another object: a conflict, as with PUT' },
    { at: steps(17), reason: 'unknown fields in a patch are refused as in a whole object' },
  ],
  'Secrets: types, immutability, stringData, strategic patches': [
    WORDS,
    { at: /^2\.warnings/u, reason: 'the contents of TLS Secrets are not looked into' },
    {
      at: steps(3, 12),
      reason: 'a value of another type is refused with its field (422) as in custom resources',
    },
  ],
  'deletion: preconditions, finalizers, propagation': [
    WORDS,
    { at: /^[12]\.body\.details\.kind: /u, reason: 'the resource, as in every other conflict' },
    { at: steps(3), reason: 'a dry run shows the object as it stays' },
    { at: /^9\.body\.details\.causes\[1\]/u, reason: 'kube-apiserver says it twice' },
    {
      at: steps(21),
      reason:
        'no controller manager runs beside the real server, so that its orphan finalizer stays; ours finishes',
    },
  ],
};
