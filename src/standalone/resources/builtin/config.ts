/** Secrets and ConfigMaps: data with rules for keys, size, type and immutability. */
import { isDeepStrictEqual } from 'node:util';
import type { FieldError } from '../../../api/admission.ts';
import { configMaps, secrets } from '../../../api/resources.ts';
import { defineResource } from '../define-resource.ts';
import { ageColumn, nameColumn } from '../printing.ts';
import { textOf, type JsonObject } from '../resource-entry.ts';
import { byteMap, flag, text, textMap } from '../schemas.ts';

const KEY = /^[-._a-zA-Z0-9]{1,253}$/;
const MAX_BYTES = 1024 * 1024;

/** What a Secret of a well-known type must hold (core/v1 SecretType). */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
};

function mapOf(object: JsonObject, field: string): Record<string, string> {
  const found = object[field];
  return typeof found === 'object' && found !== null ? (found as Record<string, string>) : {};
}

function checkKeys(object: JsonObject, field: string): FieldError[] {
  return Object.keys(mapOf(object, field))
    .filter((key) => !KEY.test(key) || key === '.' || key.startsWith('..'))
    .map((key) => ({
      type: 'Invalid',
      path: `${field}[${key.slice(0, 253)}]`,
      value: key.slice(0, 253),
      detail:
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.', be at most 253 characters long and must not be '.', '..' or start with '..'",
    }));
}

function base64Bytes(value: string): number {
  return Math.floor((value.replaceAll(/[=\r\n]/g, '').length * 3) / 4);
}

function checkImmutable(
  object: JsonObject,
  old: JsonObject | undefined,
  fields: readonly string[],
): FieldError[] {
  if (old?.['immutable'] !== true) return [];
  const errors: FieldError[] = [];
  const refuse = (path: string): void => {
    errors.push({ type: 'Forbidden', path, detail: 'field is immutable when `immutable` is set' });
  };
  if (object['immutable'] !== true) refuse('immutable');
  for (const field of fields) if (!isDeepStrictEqual(mapOf(object, field), mapOf(old, field))) refuse(field);
  return errors;
}

function checkType(object: JsonObject, old: JsonObject | undefined): FieldError[] {
  const type = textOf(object['type']);
  const errors: FieldError[] = [];
  if (old !== undefined && old['type'] !== undefined && old['type'] !== type) {
    errors.push({ type: 'Invalid', path: 'type', value: type, detail: 'field is immutable' });
  }
  const data = mapOf(object, 'data');
  for (const key of REQUIRED[type] ?? []) {
    if (!Object.hasOwn(data, key))
      errors.push({
        type: 'Required',
        path: `data[${key}]`,
        detail: `a Secret of type ${type} has this entry`,
      });
  }
  if (
    type === 'kubernetes.io/basic-auth' &&
    !Object.hasOwn(data, 'username') &&
    !Object.hasOwn(data, 'password')
  ) {
    errors.push({
      type: 'Required',
      path: 'data[username]',
      detail: 'a Secret of type kubernetes.io/basic-auth has username or password',
    });
  }
  if (type === 'kubernetes.io/service-account-token') {
    const annotations = (object['metadata'] as { annotations?: Record<string, string> }).annotations ?? {};
    if ((annotations['kubernetes.io/service-account.name'] ?? '') === '') {
      errors.push({
        type: 'Required',
        path: 'metadata.annotations[kubernetes.io/service-account.name]',
        detail: 'a token belongs to a ServiceAccount',
      });
    }
  }
  return errors;
}

function count(...fields: string[]): (object: JsonObject) => number {
  return (object) => fields.reduce((sum, field) => sum + Object.keys(mapOf(object, field)).length, 0);
}

export const secretEntry = defineResource({
  type: secrets,
  description: 'Secret data of some type. The values are base64.',
  properties: {
    data: byteMap('The data; values are base64.'),
    stringData: textMap('Write-only: text values that are put into data.'),
    type: text('What the data is for; cannot be changed.'),
    immutable: flag('Whether data may not be changed any more.'),
  },
  columns: [
    nameColumn,
    {
      name: 'Type',
      type: 'string',
      description: 'What the data is for.',
      cell: (secret) => textOf(secret['type']),
    },
    {
      name: 'Data',
      type: 'string',
      description: 'Number of entries.',
      cell: count('data'),
    },
    ageColumn,
  ],
  selectableFields: { type: (secret) => textOf(secret['type']) },
  prepare: (secret) => {
    const written = secret['stringData'];
    if (typeof written === 'object' && written !== null) {
      const encoded = Object.entries(written).map(([key, value]) => [
        key,
        Buffer.from(String(value)).toString('base64'),
      ]);
      if (encoded.length > 0) secret['data'] = { ...mapOf(secret, 'data'), ...Object.fromEntries(encoded) };
    }
    delete secret['stringData'];
    if (secret['type'] === undefined || secret['type'] === '') secret['type'] = 'Opaque';
  },
  validate: (secret, old) => {
    const size = Object.values(mapOf(secret, 'data')).reduce(
      (sum, value) => sum + base64Bytes(textOf(value)),
      0,
    );
    return [
      ...checkKeys(secret, 'data'),
      ...checkType(secret, old),
      ...(size > MAX_BYTES
        ? [{ type: 'TooLong', path: 'data', detail: `may not be more than ${MAX_BYTES} bytes` } as const]
        : []),
      ...checkImmutable(secret, old, ['data']),
    ];
  },
});

export const configMapEntry = defineResource({
  type: configMaps,
  description: 'Configuration data that is not secret.',
  properties: {
    data: textMap('The data as text.'),
    binaryData: byteMap('Data that is not UTF-8; values are base64.'),
    immutable: flag('Whether data may not be changed any more.'),
  },
  columns: [
    nameColumn,
    {
      name: 'Data',
      type: 'string',
      description: 'Number of entries.',
      cell: count('data', 'binaryData'),
    },
    ageColumn,
  ],
  validate: (map, old) => {
    const both = Object.keys(mapOf(map, 'data')).filter((key) =>
      Object.hasOwn(mapOf(map, 'binaryData'), key),
    );
    const size =
      Object.values(mapOf(map, 'data')).reduce((sum, value) => sum + Buffer.byteLength(textOf(value)), 0) +
      Object.values(mapOf(map, 'binaryData')).reduce((sum, value) => sum + base64Bytes(textOf(value)), 0);
    return [
      ...checkKeys(map, 'data'),
      ...checkKeys(map, 'binaryData'),
      ...both.map(
        (key) =>
          ({
            type: 'Invalid',
            path: `data[${key}]`,
            value: key,
            detail: 'duplicate of key present in binaryData',
          }) as const,
      ),
      ...(size > MAX_BYTES
        ? [{ type: 'TooLong', path: '', detail: `may not be more than ${MAX_BYTES} bytes` } as const]
        : []),
      ...checkImmutable(map, old, ['data', 'binaryData']),
    ];
  },
});
