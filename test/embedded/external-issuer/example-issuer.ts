/** An issuer as third parties write them: kinds of its own, a controller of its own, and answers as its object says. */
import { randomBytes } from 'node:crypto';
import type { CertificateRequest } from '../../../src/api/certificate-request.ts';
import type { Condition, KubeObject } from '../../../src/api/meta.ts';
import { certificateRequests, type ResourceType } from '../../../src/api/resources.ts';
import { generateKey } from '../../../src/pki/keys.ts';
import { encodePem } from '../../../src/pki/pem.ts';
import { certificateFromRequest } from '../../../src/pki/x509/certificate-from-request.ts';
import { createCsr } from '../../../src/pki/x509/create-csr.ts';
import { parseCertificate, type ParsedCertificate } from '../../../src/pki/x509/parse-certificate.ts';
import { parseCsr } from '../../../src/pki/x509/parse-csr.ts';
import { createSigner } from '../../../src/pki/x509/sign-certificate.ts';
import { namespace, type StandaloneWorld } from '../standalone-world.ts';

export const group = 'issuers.example.test';

/** What the issuer does with a request. `ignore`: it never answers. */
export const answers = [
  'sign',
  'ignore',
  'wait',
  'fail',
  'deny',
  'invalid',
  'garbage',
  'nothing',
  'other-key',
  'expired',
] as const;
export type Answer = (typeof answers)[number];

interface ExampleIssuer extends KubeObject {
  spec: { answer: Answer };
}

function definition(kind: string, plural: string, scope: 'Namespaced' | 'Cluster'): KubeObject {
  const answer = { type: 'string', enum: [...answers] };
  const properties = { spec: { type: 'object', required: ['answer'], properties: { answer } } };
  const schema = { openAPIV3Schema: { type: 'object', required: ['spec'], properties } };
  const spec = {
    group,
    scope,
    names: { kind, plural, singular: kind.toLowerCase() },
    versions: [{ name: 'v1', served: true, storage: true, schema }],
  };
  const metadata = { name: `${plural}.${group}` };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata,
    spec,
  } as KubeObject;
}

const resource = (kind: string, plural: string, namespaced: boolean): ResourceType => ({
  group,
  version: 'v1',
  kind,
  plural,
  singular: kind.toLowerCase(),
  namespaced,
});
const resources: Record<string, ResourceType> = {
  ExampleIssuer: resource('ExampleIssuer', 'exampleissuers', true),
  ExampleClusterIssuer: resource('ExampleClusterIssuer', 'exampleclusterissuers', false),
};
const write = { fieldManager: 'example-issuer' };

/** Adds the kinds through the API, as `kubectl apply` of a vendor's manifest does. */
export async function installDefinitions(world: StandaloneWorld): Promise<void> {
  await world.define([
    definition('ExampleIssuer', 'exampleissuers', 'Namespaced'),
    definition('ExampleClusterIssuer', 'exampleclusterissuers', 'Cluster'),
  ]);
}

export async function createExampleIssuer(
  world: StandaloneWorld,
  name: string,
  answer: Answer,
  kind = 'ExampleIssuer',
): Promise<void> {
  const type = resources[kind]!;
  const metadata = type.namespaced ? { name, namespace } : { name };
  const object: ExampleIssuer = { apiVersion: `${group}/v1`, kind, metadata, spec: { answer } };
  await world.user.create<KubeObject>(type, object, write);
}

export async function changeAnswer(world: StandaloneWorld, name: string, answer: Answer): Promise<void> {
  const key = { namespace, name };
  await world.user.patch(resources['ExampleIssuer']!, key, 'merge', { spec: { answer } }, write);
}

/** One pass of the issuer's controller over all requests that are its own and have no answer; answers how many it looked at. */
export async function answerAll(world: StandaloneWorld): Promise<number> {
  let looked = 0;
  for (const request of await world.requests()) {
    const { issuerRef } = request.spec;
    const type = issuerRef.group === group ? resources[issuerRef.kind ?? ''] : undefined;
    if (type === undefined || isAnswered(request)) continue;
    const key = type.namespaced ? { namespace, name: issuerRef.name } : { name: issuerRef.name };
    const issuer = await world.user.get<ExampleIssuer>(type, key);
    await answerOne(world, request, issuer.spec.answer);
    looked++;
  }
  await world.settle();
  return looked;
}

function isAnswered({ status }: CertificateRequest): boolean {
  return (
    status?.conditions?.some(
      ({ type, reason }) =>
        type === 'Denied' || type === 'InvalidRequest' || (type === 'Ready' && reason !== 'Pending'),
    ) === true
  );
}

async function answerOne(world: StandaloneWorld, request: CertificateRequest, answer: Answer): Promise<void> {
  const approved = request.status?.conditions?.some(
    ({ type, status }) => type === 'Approved' && status === 'True',
  );
  const now = seconds(world.clock.now());
  const put = (conditions: Omit<Condition, 'lastTransitionTime'>[], rest: object = {}): Promise<unknown> => {
    const others =
      request.status?.conditions?.filter((old) => !conditions.some(({ type }) => type === old.type)) ?? [];
    const stamped = conditions.map((one) => ({ lastTransitionTime: now, ...one }));
    const status = { ...request.status, ...rest, conditions: [...others, ...stamped] };
    return world.user.update(
      certificateRequests,
      { ...request, status },
      { ...write, subresource: 'status' },
    );
  };
  const ready = (
    status: 'True' | 'False',
    reason: string,
    message: string,
  ): Omit<Condition, 'lastTransitionTime'> => ({ type: 'Ready', status, reason, message });
  const issued = (der: Buffer | undefined, ca: ParsedCertificate): Promise<unknown> =>
    put([ready('True', 'Issued', 'signed')], {
      certificate:
        der === undefined
          ? base64('-----BEGIN CERTIFICATE-----\n////\n-----END CERTIFICATE-----\n')
          : base64(encodePem('CERTIFICATE', der)),
      ca: base64(ca.pem),
    });
  switch (answer) {
    case 'ignore':
      return;
    case 'wait':
      await put([ready('False', 'Pending', 'a person has to look at it')]);
      return;
    case 'deny':
      await put([
        { type: 'Denied', status: 'True', reason: 'policy.example.test', message: 'not on a Friday' },
      ]);
      return;
    case 'invalid':
      await put([
        { type: 'InvalidRequest', status: 'True', reason: 'Unusable', message: 'no such name is sold' },
      ]);
      return;
    default:
  }
  // Whoever signs waits for approval.
  if (approved !== true) return;
  if (answer === 'fail') {
    await put([ready('False', 'Failed', 'the CA says no')], { failureTime: now });
    return;
  }
  if (answer === 'nothing') {
    await put([ready('True', 'Issued', 'signed')]);
    return;
  }
  const ca = await certificateAuthority(world.clock.now());
  if (answer === 'garbage') {
    await issued(undefined, ca.certificate);
    return;
  }
  const csr =
    answer === 'other-key'
      ? parseCsr(createCsr({ dnsNames: ['other.example.test'] }, await generateKey({ algorithm: 'ECDSA' })))
      : parseCsr(Buffer.from(request.spec.request, 'base64'));
  const begin = answer === 'expired' ? world.clock.now() - 48 * 3_600_000 : world.clock.now();
  const duration = answer === 'expired' ? 3_600_000 : 90 * 24 * 3_600_000;
  const der = await certificateFromRequest({ csr, now: begin, duration }, ca.signer);
  await issued(Buffer.from(parseCertificate(der).der), ca.certificate);
}

async function certificateAuthority(
  now: number,
): Promise<{ certificate: ParsedCertificate; signer: ReturnType<typeof createSigner> }> {
  const key = await generateKey({ algorithm: 'ECDSA' });
  const commonName = `example CA ${randomBytes(4).toString('hex')}`;
  const csr = parseCsr(createCsr({ commonName, isCA: true }, key));
  const options = { csr, now, isCA: true, duration: 10 * 365 * 24 * 3_600_000 };
  const certificate = parseCertificate(await certificateFromRequest(options, createSigner(key)));
  return { certificate, signer: createSigner(key, certificate) };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** As Kubernetes writes times. */
export function seconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}
