import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assert as check, property, uint8Array } from 'fast-check';
import { ApiError } from './api-error.ts';
import { protobufObject } from './protobuf-body.ts';

const field = (number: number, content: Buffer | string): Buffer => {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
};
const message = (apiVersion: string, kind: string, raw: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from('k8s\0'),
    field(1, Buffer.concat([field(1, apiVersion), field(2, kind)])),
    field(2, raw),
  ]);

test('a Secret as client-go writes it', () => {
  const metadata = Buffer.concat([
    field(1, 's'),
    field(3, ''),
    field(8, ''),
    field(11, Buffer.concat([field(1, 'k'), field(2, 'v')])),
  ]);
  const raw = Buffer.concat([
    field(1, metadata),
    field(2, Buffer.concat([field(1, 'a'), field(2, 'b')])),
    field(3, 'Opaque'),
    Buffer.from([5 << 3, 0]),
  ]);
  assert.deepEqual(protobufObject(message('v1', 'Secret', raw)), {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's', labels: { k: 'v' } },
    data: { a: 'Yg==' },
    type: 'Opaque',
    immutable: false,
  });
});

test('a message whose fields are those of the one around it: rules of an Ingress', () => {
  const backend = field(4, Buffer.concat([field(1, 'web'), field(2, Buffer.from([2 << 3, 80]))]));
  const path = Buffer.concat([field(1, '/'), field(2, backend), field(3, 'Prefix')]);
  const rule = Buffer.concat([field(1, 'a.example'), field(2, field(1, field(1, path)))]);
  const tls = Buffer.concat([field(1, 'a.example'), field(1, 'b.example'), field(2, 's')]);
  const raw = field(2, Buffer.concat([field(2, tls), field(3, rule), field(4, 'traefik')]));
  const http = {
    paths: [{ path: '/', backend: { service: { name: 'web', port: { number: 80 } } }, pathType: 'Prefix' }],
  };
  assert.deepEqual(protobufObject(message('networking.k8s.io/v1', 'Ingress', raw)), {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    spec: {
      tls: [{ hosts: ['a.example', 'b.example'], secretName: 's' }],
      rules: [{ host: 'a.example', http }],
      ingressClassName: 'traefik',
    },
  });
});

test('kinds without a message are refused with 415', () => {
  assert.throws(() => protobufObject(message('v1', 'toString', Buffer.alloc(0))), { httpCode: 415 });
});

test('any bytes give an object or a refusal', () => {
  check(
    property(uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        protobufObject(message('v1', 'Secret', Buffer.from(bytes.slice(0, 120))));
      } catch (error) {
        assert.ok(error instanceof ApiError);
      }
    }),
  );
});

test('long lists take time that grows with the body', () => {
  const finalizers = Buffer.concat(Array.from({ length: 150_000 }, () => Buffer.from([(14 << 3) | 2, 0])));
  const size = finalizers.length;
  const raw = Buffer.concat([
    Buffer.from([(1 << 3) | 2, (size & 0x7f) | 0x80, ((size >> 7) & 0x7f) | 0x80, size >> 14]),
    finalizers,
  ]);
  const envelope = message('v1', 'Secret', Buffer.alloc(0)).subarray(0, -2);
  const length = raw.length;
  const prefix = Buffer.from([
    (2 << 3) | 2,
    (length & 0x7f) | 0x80,
    ((length >> 7) & 0x7f) | 0x80,
    length >> 14,
  ]);
  const begun = performance.now();
  const { metadata } = protobufObject(Buffer.concat([envelope, prefix, raw]));
  assert.equal((metadata as { finalizers: string[] }).finalizers.length, 150_000);
  // Copying the list for each item took three minutes.
  assert.ok(performance.now() - begun < 5000);
});
