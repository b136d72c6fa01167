/** Reads Kubernetes' protobuf bodies into the JSON form: client-go sends built-in kinds this way. */
import { textOf, type JsonObject } from '../resources/resource-entry.ts';
import { badRequest, unsupportedMediaType } from './api-error.ts';
import { deleteOptions, envelope, messages, type Message, type ProtobufType } from './protobuf-messages.ts';

export const PROTOBUF = 'application/vnd.kubernetes.protobuf';

const MAGIC = Buffer.from('k8s\0');

/** @throws ApiError 400 for bytes that are no message, 415 for kinds that have none */
export function protobufObject(bytes: Uint8Array): JsonObject {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!buffer.subarray(0, 4).equals(MAGIC))
    throw badRequest('the protobuf body does not begin with its magic number');
  const outer = decode(buffer.subarray(4), envelope);
  const { apiVersion, kind } = (outer['typeMeta'] ?? {}) as { apiVersion?: string; kind?: string };
  const message = kind === 'DeleteOptions' ? deleteOptions : lookUp(`${apiVersion}/${kind}`);
  if (message === undefined) throw unsupportedMediaType(PROTOBUF, ['application/json', 'application/yaml']);
  const raw = Buffer.from(textOf(outer['raw']), 'base64');
  return { apiVersion, kind, ...decode(raw, message) };
}

function lookUp(name: string): Message | undefined {
  return Object.hasOwn(messages, name) ? messages[name] : undefined;
}

const malformed = (): Error => badRequest('the protobuf body is malformed');

/** Wire format: protobuf encoding specification, "Message structure". */
function decode(buffer: Buffer, message: Message): JsonObject {
  const object: JsonObject = {};
  let offset = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = buffer[offset++];
      if (byte === undefined) throw malformed();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
    throw malformed();
  };
  const take = (length: number): Buffer => {
    if (length < 0 || offset + length > buffer.length) throw malformed();
    offset += length;
    return buffer.subarray(offset - length, offset);
  };
  while (offset < buffer.length) {
    const tag = Number(varint());
    const known = message[tag >>> 3];
    switch (tag & 7) {
      case 0: {
        const value = varint();
        if (known !== undefined) putNumber(object, known[0], known[1], value);
        break;
      }
      case 1:
        take(8);
        break;
      case 2: {
        const value = take(Number(varint()));
        if (known !== undefined) putBytes(object, known[0], known[1], value);
        break;
      }
      case 5:
        take(4);
        break;
      default:
        throw malformed();
    }
  }
  return object;
}

/** Go writes fields that are not pointers even when they are zero; JSON leaves them out. */
function putNumber(object: JsonObject, name: string, type: ProtobufType, value: bigint): void {
  if (type === 'bool') object[name] = value !== 0n;
  else if (type === 'pointer-int' || (type === 'int' && value !== 0n)) object[name] = Number(value);
  else if (type !== 'int') throw malformed();
}

function putBytes(object: JsonObject, name: string, type: ProtobufType, value: Buffer): void {
  if (typeof type === 'object') {
    if (isRepeated(type)) append(object, name, decode(value, type[0]));
    else if (name === '') Object.assign(object, decode(value, type));
    else object[name] = decode(value, type);
    return;
  }
  switch (type) {
    case 'string':
      if (value.length > 0) object[name] = value.toString();
      return;
    case 'bytes':
      object[name] = value.toString('base64');
      return;
    case 'strings':
      append(object, name, value.toString());
      return;
    case 'map-string':
    case 'map-bytes': {
      const entry = decode(value, {
        1: ['key', 'string'],
        2: ['value', type === 'map-string' ? 'string' : 'bytes'],
      });
      const map = (object[name] ??= {}) as JsonObject;
      Object.defineProperty(map, textOf(entry['key']), {
        value: entry['value'] ?? '',
        enumerable: true,
        configurable: true,
        writable: true,
      });
      return;
    }
    case 'time':
    case 'micro-time': {
      const text = timeText(decode(value, { 1: ['seconds', 'int'], 2: ['nanos', 'int'] }), type);
      if (text !== undefined) object[name] = text;
      return;
    }
    case 'json':
      object[name] = embeddedJson(value);
      return;
    case 'int':
    case 'pointer-int':
    case 'bool':
      throw malformed();
  }
}

/** In place: a list that is copied for each item takes time with the square of the body. */
function append(object: JsonObject, name: string, item: unknown): void {
  const list = (object[name] ??= []) as unknown[];
  list.push(item);
}

function isRepeated(type: Message | readonly [Message]): type is readonly [Message] {
  return Array.isArray(type);
}

/** An empty message is the zero time: absent in JSON. */
function timeText(time: JsonObject, type: 'time' | 'micro-time'): string | undefined {
  if (time['seconds'] === undefined) return undefined;
  const milliseconds = Number(time['seconds']) * 1000;
  if (Math.abs(milliseconds) > 8.64e15) throw malformed();
  const text = new Date(milliseconds).toISOString().slice(0, 19);
  if (type === 'time') return `${text}Z`;
  return `${text}.${String(Math.trunc(Number(time['nanos'] ?? 0) / 1000)).padStart(6, '0')}Z`;
}

function embeddedJson(value: Buffer): unknown {
  const raw = decode(value, { 1: ['raw', 'bytes'] })['raw'];
  try {
    return JSON.parse(Buffer.from(textOf(raw), 'base64').toString()) as unknown;
  } catch {
    throw malformed();
  }
}
