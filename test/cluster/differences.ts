/** Where the embedded server answers otherwise than kube-apiserver 1.36, on purpose or without harm, and why. */

export interface Difference {
  /** Matches lines of the form `step.path.in.answer: real … ours …`. */
  readonly at: RegExp;
  readonly reason: string;
  /** It depends on who is faster, so that there may be no such difference. */
  readonly race?: true;
}

/** In any case. */
export const EVERYWHERE: readonly Difference[] = [
  {
    at: /\.message: (?!.*ours undefined$)/u,
    reason:
      'messages for people are our own words; that the refusal is the same shows in its code, reason and fields',
  },
  { at: /metadata\.continue: real "" ours undefined$/u, reason: 'absent and empty mean the same to clients' },
  {
    at: /items\[\d+\]\.(?:apiVersion|kind): real undefined/u,
    reason: 'items of built-in lists name their kind as those of custom resources do',
  },
  { at: /(?:eventTime|Timestamp): real null ours undefined$/u, reason: 'no value, and null, mean the same' },
  { at: /reporting\w+: real "" ours undefined$/u, reason: 'absent and empty mean the same' },
  {
    at: /fieldsV1\.f:(?:spec|source)\b.*\.\.?(?:f:number|f:name)?: real undefined ours \{\}$/u,
    reason: 'of a struct that is always there, kube-apiserver does not own the whole',
  },
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

/** Every line of the steps, whatever it says. */
function steps(...numbers: readonly number[]): RegExp {
  return new RegExp(`^(?:${numbers.join('|')})[.[]`, 'u');
}

/** By the case's name. An entry that matches nothing fails its case. */
export const DIFFERENCES: Readonly<Record<string, readonly Difference[]>> = {
  'apply refuses: no manager, wrong name, managed fields, no kind, a wrong type': [
    {
      at: steps(6, 7, 8),
      reason:
        'a field that is unknown or of another type is a mistake of the client: 4xx with the field named, or a warning, not a bare 500',
    },
  ],
  'tables of Certificates, Secrets, ConfigMaps, Namespaces': [
    { at: /^15\..*f:spec: /u, reason: 'the finalizer that the server itself sets is tracked too' },
  ],
  'tables of requests, issuers and Events': [
    {
      at: /^2\.body\.details\.causes\[0\]\.(?:field|reason): real undefined/u,
      reason: 'a policy of the real server names the field in its message, our admission as a field, too',
    },
    { at: /ource: real \{\} ours undefined$/u, reason: 'absent and empty mean the same' },
    { at: steps(12), reason: 'Events of the newer API are not held to eventTime and type' },
    { at: /^13\..*\.message: /u, reason: 'the printed value differs' },
  ],
  'paths, methods and kinds that are not there': [
    { at: steps(0, 1, 2, 3, 9), reason: '404 with a Status instead of plain text: kubectl prints the same' },
    { at: /^6\.body\.details/u, reason: 'a subresource that does not exist is a path that does not exist' },
    { at: steps(11, 12), reason: 'POST to an object and PUT to a list are refused as methods' },
    { at: steps(14), reason: 'answers are JSON only' },
    { at: steps(18), reason: 'our own version' },
    { at: steps(19), reason: 'order of the resources, and hashes for storage migration that we do not have' },
  ],
  'watches: from now, from a version, with a table, with selectors, from versions that are none': [
    {
      at: steps(11),
      reason: "Debian's etcd 3.4 lacks progress requests, so that the real server refuses streaming lists",
    },
    { at: steps(12, 13), reason: 'refused by both, here as a bad request' },
    { at: steps(14), reason: 'our history reaches back to version 1 until it is cut' },
  ],
  'create, read, replace, with versions that are old': [
    { at: steps(5), reason: 'a version that is no number cannot be current: 409 instead of 500' },
    { at: steps(6, 7), reason: 'of two mistakes in one request the other is named' },
  ],
  'ServiceAccount: replaced without a version, with the current one, with an old one': [
    { at: steps(6), reason: 'a deletion is answered with a Status, as for most kinds' },
  ],
  'Event: replaced without a version, with the current one, with an old one': [
    { at: /source: real \{\} ours undefined$/u, reason: 'absent and empty mean the same' },
  ],
  'custom resources that do not say what they are': [
    { at: steps(8, 9), reason: 'a patch that takes away the kind is a mistake of the client: 400' },
  ],
  'generated names, and names that are none': [
    { at: /^6\..*causes\[0\]\.field: /u, reason: 'the index of the owner is named' },
    { at: steps(7), reason: 'a mistake of the client: 400 instead of 500' },
  ],
  'schemas: types, enums, required, rules, unknown and repeated fields': [
    { at: /^1\.body\.details\.causes/u, reason: 'the same refusals in another order' },
    { at: steps(12), reason: 'a kind that is not the path is a bad request, as another version is' },
    { at: /^13\.warnings/u, reason: 'a refused body gets no warnings' },
  ],
  'patches of every type': [
    { at: /^[456]\.body\.details: real \{\}/u, reason: 'empty details say nothing' },
    { at: steps(11), reason: 'another uid is another object: a conflict, as with PUT' },
    { at: steps(17), reason: 'unknown fields in a patch are refused as in a whole object' },
  ],
  'Secrets: types, immutability, stringData, strategic patches': [
    { at: /^2\.warnings/u, reason: 'the contents of TLS Secrets are not looked into' },
    {
      at: steps(3, 12),
      reason: 'a value of another type is refused with its field (422) as in custom resources',
    },
  ],
  'deletion: preconditions, finalizers, propagation': [
    { at: /^[12]\.body\.details\.kind: /u, reason: 'the resource, as in every other conflict' },
    { at: steps(3), reason: 'a dry run shows the object as it stays' },
    { at: /^9\.body\.details\.causes\[1\]/u, reason: 'kube-apiserver says it twice' },
  ],
  'Ingresses: defaults, refusals, tables, status, apply': [
    { at: steps(14), reason: 'unknown fields in a patch are refused as in a whole object' },
    {
      at: steps(17, 18, 20),
      reason: 'addresses in the status of an Ingress are not looked into: nobody here reads them',
    },
  ],
  'Leases: create, renew, refuse': [
    { at: steps(5), reason: 'a time that is none is refused with its field (422), as in custom resources' },
  ],
  'pages of a list, with and without a selector, to the end and past a change': [
    { at: steps(12), reason: 'a page of negative length is refused' },
    {
      at: steps(13),
      reason: 'the real server answers version 0 from its cache, whole; ours has pages of it',
    },
  ],
  'collections that are deleted: selectors, dry run, limits, policies, preconditions': [
    { at: steps(11), reason: 'the resource, as in every other conflict' },
    { at: steps(16), reason: '405 with a Status instead of plain text' },
  ],
  'single objects: versions, tables, other formats': [
    { at: steps(3), reason: 'an object is read as it is now, whatever version is asked for' },
    { at: steps(8), reason: 'the format that is named first is served: q is not weighed' },
    { at: steps(10), reason: 'a slash in a name is part of the name' },
    { at: steps(13), reason: 'an empty namespace in a path is no namespace' },
    { at: steps(15), reason: 'the finalizer that the server itself sets is tracked too' },
  ],
  "metadata that is the server's: times, versions, generation, managed fields, links": [
    { at: steps(6), reason: 'a deletion time in a patch is ignored, as in a whole object' },
    { at: steps(8), reason: 'another uid is another object: a conflict, as with PUT' },
    { at: steps(10), reason: 'unknown fields in a patch are refused as in a whole object' },
  ],
  'generated names and names of built-in kinds': [
    { at: /^0\.body\.details/u, reason: 'the name that was made is refused, once' },
    { at: /^11\.body\.details\.causes\[[123]\]/u, reason: 'kube-apiserver says it more than once' },
  ],
  'owner references': [{ at: /^[1-4]\..*causes\[0\]\.field: /u, reason: 'the index of the owner is named' }],
  'preconditions of every verb': [
    { at: steps(5), reason: 'another uid is another object: a conflict, as with PUT' },
    { at: /^(?:8|9|15)\.body\.details\.kind: /u, reason: 'the resource, as in every other conflict' },
  ],
  'field selectors of built-in kinds': [
    {
      at: /^20\..*f:spec: real undefined/u,
      reason: 'the finalizer that the server itself sets is tracked too',
    },
  ],
  'watch parameters that contradict each other or are none': [
    { at: /^5\.body\.details\.causes\[1\]/u, reason: 'one refusal at a time' },
  ],
  'foreground deletion waits for what is owned; orphans stay': [
    {
      at: /^4\.body\.metadata\.deletion/u,
      reason: 'the garbage collector of the real server comes to the dependent a moment later',
      race: true,
    },
  ],
  'CertificateSigningRequests: what is refused, stored, approved, answered and shown': [
    { at: /managedFields: real undefined/u, reason: 'ownership of fields is kept here, too' },
    { at: /spec\.extra: real \{/u, reason: 'certificates of clients are not told apart by a hash' },
    { at: /real "admin" ours "certwright:admin"$/u, reason: 'the name of the administrator' },
  ],
  'conditions as a list of entries by their type: two appliers, a conflict, an entry that goes': [
    {
      at: steps(6, 7),
      reason: 'a list that names an entry twice, or not at all, is a mistake of the client: 400',
    },
  ],
  'from updates to apply, as client-side appliers are moved over': [
    {
      at: /managedFields\[0\]\.time: real undefined/u,
      reason: 'who takes over ownership and nothing else has a time, too',
    },
  ],
  'apply that is refused or tried only': [
    { at: steps(5, 6), reason: 'a field manager that is none is a bad request' },
    {
      at: /^1[15]\.body\.metadata\.managedFields/u,
      reason: 'who takes over ownership and nothing else has a time, too, and comes later in the order',
    },
    { at: /^14\..*causes\[0\]\.field: /u, reason: 'null is taken for absent, before rules look at it' },
  ],
};
