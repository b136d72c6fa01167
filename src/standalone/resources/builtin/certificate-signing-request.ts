/** CertificateSigningRequests (certificates.k8s.io/v1): who asked is stamped, the spec never changes, approval is a subresource of its own. */
import { isDeepStrictEqual } from 'node:util';
import type { FieldError, UserInfo } from '../../../api/admission.ts';
import type { SigningCondition } from '../../../api/certificate-signing-request.ts';
import { certificateSigningRequests } from '../../../api/resources.ts';
import { PkiError } from '../../../pki/errors.ts';
import { decodePem, defaultPemLimits } from '../../../pki/pem.ts';
import { extKeyUsageByName, keyUsageByName } from '../../../pki/x509/key-usage.ts';
import { parseCertificate } from '../../../pki/x509/parse-certificate.ts';
import { parseCsr, verifyCsrSignature } from '../../../pki/x509/parse-csr.ts';
import { defineResource } from '../define-resource.ts';
import { ageColumn, humanDuration, nameColumn } from '../printing.ts';
import { textOf, type JsonObject } from '../resource-entry.ts';
import { int, object, text, time } from '../schemas.ts';
import { secondsText } from '../../../api/seconds-text.ts';

const leastSeconds = 600;
/** Only true is a state of these: nobody un-approves. */
const oneWay = ['Approved', 'Denied', 'Failed'];

function part(request: JsonObject, key: 'spec' | 'status'): JsonObject {
  const found = request[key];
  return typeof found === 'object' && found !== null ? (found as JsonObject) : {};
}

function conditionsOf(request: JsonObject): SigningCondition[] {
  const found = part(request, 'status')['conditions'];
  return Array.isArray(found) ? (found as SigningCondition[]) : [];
}

function certificateOf(request: JsonObject): string {
  return textOf(part(request, 'status')['certificate']);
}

/** As `kubectl get csr` shows it; a condition counts by its presence there. */
function stateOf(request: JsonObject): string {
  const types = new Set(conditionsOf(request).map(({ type }) => type));
  const decision = types.has('Denied') ? 'Denied' : types.has('Approved') ? 'Approved' : 'Pending';
  return [
    decision,
    ...(types.has('Failed') ? ['Failed'] : []),
    ...(certificateOf(request) === '' ? [] : ['Issued']),
  ].join(',');
}

function prepareNew(request: JsonObject, user: UserInfo | undefined): void {
  const { username: _name, uid: _uid, groups: _groups, extra: _extra, ...asked } = part(request, 'spec');
  request['spec'] = {
    ...asked,
    ...(user === undefined
      ? {}
      : {
          username: user.username,
          ...(user.uid === undefined || user.uid === '' ? {} : { uid: user.uid }),
          groups: [...user.groups],
          ...(user.extra === undefined || Object.keys(user.extra).length === 0 ? {} : { extra: user.extra }),
        }),
  };
  request['status'] = {};
}

/** Times that the writer left out: an unchanged condition keeps the old ones. */
function stamped(conditions: readonly SigningCondition[], old: JsonObject, now: number): SigningCondition[] {
  const time = secondsText(now);
  return conditions.map((condition) => {
    const before = conditionsOf(old).find(
      ({ type, status }) => type === condition.type && status === condition.status,
    );
    return {
      ...condition,
      lastUpdateTime: condition.lastUpdateTime ?? time,
      lastTransitionTime: condition.lastTransitionTime ?? before?.lastTransitionTime ?? time,
    };
  });
}

function prepareStatus(request: JsonObject, old: JsonObject, now: number, approval: boolean): void {
  const given = approval ? { ...part(old, 'status') } : { ...part(request, 'status') };
  let conditions = stamped(conditionsOf(request), old, now);
  if (!approval) {
    // Who signs does not touch what an approver said, not even its words.
    conditions = conditions.map((condition) => {
      const decided = condition.type === 'Approved' || condition.type === 'Denied';
      return (decided && conditionsOf(old).find(({ type }) => type === condition.type)) || condition;
    });
  }
  delete given['conditions'];
  request['status'] = { ...given, ...(conditions.length === 0 ? {} : { conditions }) };
}

function checkSpec(request: JsonObject): FieldError[] {
  const spec = part(request, 'spec');
  const errors: FieldError[] = [];
  const pem = textOf(spec['request']);
  try {
    verifyCsrSignature(parseCsr(Buffer.from(pem, 'base64').toString('latin1')));
  } catch (error) {
    if (!(error instanceof PkiError)) throw error;
    errors.push({ type: 'Invalid', path: 'spec.request', value: pem.slice(0, 64), detail: error.message });
  }
  const usages = Array.isArray(spec['usages']) ? spec['usages'].map(String) : [];
  if (usages.length === 0) errors.push({ type: 'Required', path: 'spec.usages', detail: '' });
  usages.forEach((usage, index) => {
    const path = `spec.usages[${index}]`;
    if (!keyUsageByName.has(usage) && !extKeyUsageByName.has(usage)) {
      const known = [...keyUsageByName.keys(), ...extKeyUsageByName.keys()].sort();
      const detail = `supported values: ${known.map((one) => JSON.stringify(one)).join(', ')}`;
      errors.push({ type: 'NotSupported', path, value: usage.slice(0, 64), detail });
    }
    if (usages.indexOf(usage) !== index) errors.push({ type: 'Duplicate', path, value: usage, detail: '' });
  });
  const seconds = spec['expirationSeconds'];
  if (typeof seconds === 'number' && seconds < leastSeconds) {
    const detail = 'may not specify a duration less than 600 seconds (10 minutes)';
    errors.push({ type: 'Invalid', path: 'spec.expirationSeconds', value: seconds, detail });
  }
  return [...errors, ...checkSignerName(textOf(spec['signerName']))];
}

const label = '[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?';
const domain = new RegExp(`^${label}(?:\\.${label})+$`, 'u');
const pathPart = new RegExp(`^${label}(?:\\.${label})*$`, 'u');

function checkSignerName(signerName: string): FieldError[] {
  const path = 'spec.signerName';
  if (signerName === '') return [{ type: 'Required', path, detail: '' }];
  const invalid = (detail: string): FieldError[] => {
    return [{ type: 'Invalid', path, value: signerName.slice(0, 256), detail }];
  };
  if (signerName === 'kubernetes.io/legacy-unknown')
    return invalid('the legacy signerName is not allowed via this API version');
  // A namespace, a dot and a name fit behind any domain that fits itself.
  if (signerName.length > 571) return invalid('must be no more than 571 characters');
  const [host = '', rest, ...more] = signerName.split('/');
  if (rest === undefined || more.length > 0)
    return invalid("must be a fully qualified domain and path of the form 'example.com/signer-name'");
  if (!domain.test(host) || host.length > 253)
    return invalid('the part before the slash must be a domain name with at least two labels');
  if (!pathPart.test(rest))
    return invalid('the part behind the slash must consist of lower case labels with dots between them');
  return [];
}

function checkConditions(request: JsonObject): FieldError[] {
  const path = 'status.conditions';
  const conditions = conditionsOf(request);
  const errors: FieldError[] = [];
  const types = conditions.map(({ type }) => type);
  conditions.forEach(({ type, status }, index) => {
    if (type === '') errors.push({ type: 'Required', path: `${path}[${index}].type`, detail: '' });
    const allowed = oneWay.includes(type) ? ['True'] : ['False', 'True', 'Unknown'];
    if (!allowed.includes(status)) {
      const detail = `supported values: ${allowed.map((one) => JSON.stringify(one)).join(', ')}`;
      errors.push({ type: 'NotSupported', path: `${path}[${index}].status`, value: status, detail });
    }
    if (types.indexOf(type) !== index)
      errors.push({ type: 'Duplicate', path: `${path}[${index}].type`, value: type, detail: '' });
  });
  if (types.includes('Approved') && types.includes('Denied')) {
    const detail = 'Approved and Denied conditions are mutually exclusive';
    errors.push({ type: 'Invalid', path, value: types.findLast((type) => type !== 'Failed'), detail });
  }
  return errors;
}

/** What no writer of a status may do to the conditions that decide, and only an approver to the approval. */
function checkDecisions(request: JsonObject, old: JsonObject, approval: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const refuse = (detail: string): void => {
    errors.push({ type: 'Forbidden', path: 'status.conditions', detail });
  };
  for (const type of oneWay) {
    const [before, after] = [old, request].map((one) => conditionsOf(one).find((c) => c.type === type));
    if (before !== undefined && after === undefined)
      refuse(`updates may not remove a condition of type "${type}"`);
    if (approval || type === 'Failed') continue;
    if (before === undefined && after !== undefined)
      refuse(`updates may not add a condition of type "${type}"`);
    else if (before !== undefined && after !== undefined && !isDeepStrictEqual(before, after))
      refuse(`updates may not modify a condition of type "${type}"`);
  }
  return errors;
}

function checkCertificate(request: JsonObject, old: JsonObject | undefined): FieldError[] {
  const certificate = certificateOf(request);
  const before = old === undefined ? '' : certificateOf(old);
  if (certificate === before) return [];
  const path = 'status.certificate';
  if (before !== '')
    return [{ type: 'Forbidden', path, detail: 'updates may not modify existing certificate content' }];
  const invalid = (detail: string): FieldError[] => {
    return [{ type: 'Invalid', path, value: '<certificate data>', detail }];
  };
  try {
    const blocks = decodePem(Buffer.from(certificate, 'base64').toString('latin1'), defaultPemLimits.bundle);
    if (blocks.length === 0) return invalid('must contain at least one CERTIFICATE PEM block');
    for (const { label: kind, der, hasHeaders } of blocks) {
      if (kind !== 'CERTIFICATE') return invalid(`only CERTIFICATE PEM blocks are allowed, found "${kind}"`);
      if (hasHeaders) return invalid('no PEM block headers are permitted');
      parseCertificate(der);
    }
    return [];
  } catch (error) {
    if (!(error instanceof PkiError)) throw error;
    return invalid(error.message);
  }
}

const strings = (description: string): object => ({
  type: 'array',
  description,
  items: { type: 'string' },
  'x-kubernetes-list-type': 'atomic',
});

export const certificateSigningRequestEntry = defineResource({
  type: certificateSigningRequests,
  description: 'Asks a signer for a certificate; it is signed once an approver lets it pass.',
  properties: {
    spec: object(
      'What is asked for. Cannot change after creation.',
      {
        request: text('PEM certificate signing request (PKCS#10).', { format: 'byte' }),
        signerName: text('Who is to sign, such as issuers.cert-manager.io/namespace.name.'),
        expirationSeconds: int('Lifetime to ask for.'),
        usages: strings('Key usages and extended key usages.'),
        username: text('Who asked. Set by the server.'),
        uid: text('UID of who asked. Set by the server.'),
        groups: strings('Groups of who asked. Set by the server.'),
        extra: {
          type: 'object',
          description: 'Further attributes of who asked. Set by the server.',
          additionalProperties: strings('Values.'),
        },
      },
      ['request', 'signerName'],
    ),
    status: object('The answer.', {
      certificate: text('PEM chain, leaf first.', { format: 'byte' }),
      conditions: {
        type: 'array',
        description: 'Approved, Denied, Failed.',
        items: object(
          'One observation of the state.',
          {
            type: text('Kind of the condition.'),
            status: text('True, False or Unknown.'),
            reason: text('Machine-readable reason.'),
            message: text('For people.'),
            lastUpdateTime: time('When the condition was last written.'),
            lastTransitionTime: time('When the status last changed.'),
          },
          ['type', 'status'],
        ),
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['type'],
      },
    }),
  },
  required: ['spec'],
  nameRule: 'path',
  statusSubresource: true,
  statusWriters: ['approval'],
  columns: [
    nameColumn,
    ageColumn,
    {
      name: 'SignerName',
      type: 'string',
      description: 'Who is to sign.',
      cell: (request) => textOf(part(request, 'spec')['signerName']) || '<none>',
    },
    {
      name: 'Requestor',
      type: 'string',
      description: 'Who asked.',
      cell: (request) => textOf(part(request, 'spec')['username']),
    },
    {
      name: 'RequestedDuration',
      type: 'string',
      description: 'Lifetime asked for.',
      cell: (request) => {
        const seconds = part(request, 'spec')['expirationSeconds'];
        return typeof seconds === 'number' ? humanDuration(seconds * 1000) : '<none>';
      },
    },
    { name: 'Condition', type: 'string', description: 'How far it came.', cell: stateOf },
  ],
  selectableFields: { 'spec.signerName': (request) => textOf(part(request, 'spec')['signerName']) },
  prepare: (request, old, now, subresource, user) => {
    if (old === undefined) return prepareNew(request, user);
    request['spec'] = old['spec'];
    if (subresource !== undefined) prepareStatus(request, old, now, subresource === 'approval');
  },
  validate: (request, old, subresource) => [
    ...(old === undefined ? checkSpec(request) : []),
    ...checkConditions(request),
    ...(old === undefined || subresource === undefined
      ? []
      : checkDecisions(request, old, subresource === 'approval')),
    ...checkCertificate(request, old),
  ],
  permission: (stored, subresource) => {
    const signerName = textOf(part(stored, 'spec')['signerName']);
    const [host = ''] = signerName.split('/');
    const verb = subresource === 'approval' ? 'approve' : 'sign';
    return {
      verb,
      group: 'certificates.k8s.io',
      resource: 'signers',
      names: [signerName, `${host}/*`],
      refusal: `user not permitted to ${verb} requests with signerName "${signerName}"`,
    };
  },
});
