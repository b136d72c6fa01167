/** Approvals and denials of CertificateRequests and what is to be said of them, whoever makes them. */
import type { AdmissionCase } from './admission-case.ts';
import { requestBase } from './certificate-request-cases.ts';

export const approved = { type: 'Approved', status: 'True', reason: 'ok' };
export const denied = { type: 'Denied', status: 'True', reason: 'no' };
export const ready = { type: 'Ready', status: 'False', reason: 'Pending' };
const spec = requestBase;
export const request = (conditions?: object[], issuerRef: object = spec.issuerRef) => ({
  metadata: { name: 'r', namespace: 'ns' },
  spec: { ...spec, issuerRef },
  status: { conditions },
});

const cases: [string, object[] | undefined, object[] | undefined, string[]][] = [
  ['approved', undefined, [approved], []],
  ['denied', [ready], [ready, denied], []],
  ['kept', [approved], [approved, ready], []],
  [
    'approved with a time as Go writes it',
    [approved],
    [{ ...approved, message: '', lastTransitionTime: null }],
    [],
  ],
  [
    'approved and denied',
    undefined,
    [approved, denied],
    ["status.conditions: Forbidden: both 'Denied' and 'Approved'"],
  ],
  [
    'approved, then denied',
    [approved],
    [approved, denied],
    ["status.conditions: Forbidden: both 'Denied' and 'Approved'"],
  ],
  [
    'approval taken back',
    [approved],
    [],
    ["status.conditions: Forbidden: 'Approved' condition may not be modified once set"],
  ],
  [
    'approval reworded',
    [approved],
    [{ ...approved, reason: 'x' }],
    ["status.conditions: Forbidden: 'Approved' condition may not be"],
  ],
  [
    'denial taken back',
    [denied],
    [],
    ["status.conditions: Forbidden: 'Denied' condition may not be modified once set"],
  ],
  [
    'approved twice',
    undefined,
    [approved, approved],
    ['status.conditions: Forbidden: multiple "Approved" conditions present'],
  ],
  [
    'denied twice',
    undefined,
    [denied, denied],
    ['status.conditions: Forbidden: multiple "Denied" conditions present'],
  ],
  [
    'not approved',
    undefined,
    [{ ...approved, status: 'False' }],
    ['status.conditions.Approved: Invalid value: "False": "Approved" condition may only be set to True'],
  ],
  [
    'not denied',
    undefined,
    [{ ...denied, status: 'Unknown' }],
    ['status.conditions.Denied: Invalid value: "Unknown": "Denied" condition may only be set to True'],
  ],
];

export const approvalCases: AdmissionCase[] = cases.map(([title, before, after, expected]) => ({
  group: 'approval conditions',
  title,
  kind: 'CertificateRequest',
  object: request(after),
  oldObject: request(before),
  subresource: 'status',
  expected,
}));
