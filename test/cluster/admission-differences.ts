/** Rows of the tables on which a server with policies and the functions differ, each with its reason. */

const csr =
  'CEL cannot decode base64: the signer reads the CSR, checks it and says what is wrong in the conditions';
const bundle =
  'CEL cannot decode base64: the controller says in the Ready condition that the bundle is not usable';

/** `group: title` of rows that the API server with policies admits. */
export const admittedByPolicies: Readonly<Record<string, string>> = {
  'certificate: names: half a character': 'the API server replaces half a character before anybody sees it',
  'certificate request: creation: extended usages in another order': csr,
  'certificate request: creation: usages in the CSR only': csr,
  'certificate request: creation: CA in the CSR only': csr,
  'certificate request: creation: CA in the spec only, with usages': csr,
  'certificate request: creation: a broken signature': csr,
  'certificate request: creation: a bomb': csr,
  'Issuer: vault: bundle of nothing': bundle,
  'ClusterIssuer: vault: bundle of nothing': bundle,
  'acme http01: name without kind': 'the schema defaults kind to Gateway',
  'acme tlsALPN01: name without kind': 'the schema defaults kind to Gateway',
};

/** What the webhook, which comes after decoding, pruning and defaulting, admits. */
export const admittedByWebhook: Readonly<Record<string, string>> = {
  'certificate: names: half a character': 'the API server replaces half a character before anybody sees it',
  'acme http01: name without kind': 'the schema defaults kind to Gateway',
  'acme tlsALPN01: name without kind': 'the schema defaults kind to Gateway',
};

/** Rows that are refused without the path of the field: what is said instead. */
export const namedOtherwise: Readonly<Record<string, RegExp>> = {
  // CEL knows time zones, but fails at one that does not exist: the API server prints the expression then.
  'certificate: renewal: unknown zone': /windows.*timezone.*unknown time zone Mars\/Olympus/u,
  // cert-manager's webhook leaves the last letters of the section out; the schema does not.
  'acme http01: kind without name': /gatewayHTTPRoute\.parentRefs\[1\]\.name/u,
  // The rule of the schema stands on spec, where all sections are.
  ...Object.fromEntries(
    ['Issuer', 'ClusterIssuer'].flatMap((kind) =>
      ['two', 'all'].map((title) => [
        `${kind}: type: ${title}`,
        /spec(?:\.venafi\.zone|: Invalid value: set exactly one)/u,
      ]),
    ),
  ),
};
