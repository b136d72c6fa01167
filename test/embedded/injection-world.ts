/** CA injection on either server: the four kinds of targets, the Secrets and Certificates that they name, and CAs of any age. */
import { generateKeyPairSync } from 'node:crypto';
import type { TestContext } from 'node:test';
import type { Certificate } from '../../src/api/certificate.ts';
import type { Secret } from '../../src/api/core.ts';
import type { KubeObject, ManagedFieldsEntry } from '../../src/api/meta.ts';
import {
  apiServices,
  certificates,
  customResourceDefinitions,
  mutatingWebhookConfigurations,
  secrets,
  validatingWebhookConfigurations,
  type ResourceType,
} from '../../src/api/resources.ts';
import { startCainjector, type Cainjector } from '../../src/controllers/cainjector/cainjector.ts';
import type { CainjectorOptions } from '../../src/controllers/cainjector/options.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { systemClock } from '../../src/kube/clock.ts';
import { NotFoundError } from '../../src/kube/errors.ts';
import { encodePem } from '../../src/pki/pem.ts';
import { certificateFromRequest } from '../../src/pki/x509/certificate-from-request.ts';
import { createCsr } from '../../src/pki/x509/create-csr.ts';
import { parseCertificates } from '../../src/pki/x509/parse-certificate.ts';
import { parseCsr } from '../../src/pki/x509/parse-csr.ts';
import { createSigner } from '../../src/pki/x509/sign-certificate.ts';
import { until } from '../cluster/until.ts';
import { onCluster, openApi, type ApiUnderTest } from '../servers/api-under-test.ts';
import { targetDefinitions } from './target-definitions.ts';

export const byTest = { fieldManager: 'test' };
export const namespace = 'shop';
const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const day = 24 * 3_600_000;

/** PEM of a CA that runs from `ageDays` ago for ten days. */
export async function ca(commonName: string, ageDays = 0): Promise<string> {
  const csr = parseCsr(createCsr({ commonName, isCA: true }, key));
  const ask = { csr, now: Date.now() - ageDays * day, isCA: true, duration: 10 * day };
  return encodePem('CERTIFICATE', await certificateFromRequest(ask, createSigner(key)));
}

const service = { namespace, name: 'none' };
const version = {
  name: 'v1',
  served: true,
  storage: true,
  schema: { openAPIV3Schema: { type: 'object' } },
};

/** Matches nothing and serves nothing, so that a shared cluster does not mind. */
function specOf(type: ResourceType, name: string, bundle: string | undefined): object {
  const caBundle = bundle === undefined ? {} : { caBundle: base64(bundle) };
  const webhook = (one: string): object => ({
    name: `${one}.example.test`,
    clientConfig: { service, ...caBundle },
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
  });
  switch (type) {
    case apiServices:
      return {
        spec: {
          ...caBundle,
          group: 'injected.example.test',
          version: name.split('.')[0],
          groupPriorityMinimum: 10,
          versionPriority: 10,
          service,
        },
      };
    case customResourceDefinitions: {
      const plural = name.split('.')[0] ?? '';
      return {
        spec: {
          group: 'injected.example.test',
          scope: 'Cluster',
          names: {
            plural,
            singular: plural,
            kind: `${plural[0]?.toUpperCase()}${plural.slice(1)}`,
            listKind: `${plural}List`,
          },
          versions: [version],
          conversion: {
            strategy: 'Webhook',
            webhook: { clientConfig: { service, ...caBundle }, conversionReviewVersions: ['v1'] },
          },
        },
      };
    }
    default:
      return { webhooks: [webhook('one'), webhook('two')] };
  }
}

export const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** The kinds, each with a name that it takes. The embedded server knows no conversion webhooks, and so no definition as target. */
export const kinds: readonly (readonly [type: ResourceType, nameOf: (short: string) => string])[] = [
  [mutatingWebhookConfigurations, (short) => `injected-${short}`],
  [validatingWebhookConfigurations, (short) => `injected-${short}`],
  [apiServices, (short) => `${short}.injected.example.test`],
  ...(onCluster
    ? [[customResourceDefinitions, (short: string) => `${short}s.injected.example.test`] as const]
    : []),
];

export class InjectionWorld {
  readonly client: KubeClient;
  readonly said: string[] = [];
  readonly #api: ApiUnderTest;
  readonly #made: [ResourceType, string][] = [];
  #injector: Cainjector | undefined;

  private constructor(api: ApiUnderTest) {
    this.#api = api;
    this.client = api.client();
  }

  static async open(t: TestContext): Promise<InjectionWorld> {
    const api = await openApi({
      dataDir: ':memory:',
      fresh: true,
      namespaces: [namespace, 'other'],
      now: Date.now,
    });
    const world = new InjectionWorld(api);
    t.after(async () => {
      await world.#injector?.stop();
      // An embedded server goes with all that is in it.
      if (onCluster) await Promise.all(world.#made.map(([type, name]) => world.#remove(type, name)));
      await api.close();
    });
    // The embedded server serves no such kinds; definitions give it their shapes.
    if (api.embedded !== undefined) await api.define(targetDefinitions);
    return world;
  }

  async inject(
    options: Partial<CainjectorOptions> = {},
    more: { serverCa?: () => Promise<string | undefined>; client?: KubeClient } = {},
  ): Promise<void> {
    const silent = (): void => undefined;
    const say = (fields: { err?: unknown }, message: string): void => {
      const cause = fields.err instanceof Error ? `: ${fields.err.message}` : '';
      this.said.push(message + cause);
    };
    this.#injector = startCainjector({
      client: this.#api.client(),
      clock: systemClock,
      random: () => 0.5,
      log: { debug: silent, info: silent, warn: say, error: say },
      options,
      ...more,
    });
    await this.#injector.synced;
  }

  async target(
    type: ResourceType,
    name: string,
    annotations: Record<string, string>,
    bundle?: string,
    fieldManager = 'test',
  ): Promise<void> {
    const { group, version: v, kind } = type;
    const object = {
      apiVersion: `${group}/${v}`,
      kind,
      metadata: { name, annotations },
      ...specOf(type, name, bundle),
    };
    this.#made.push([type, name]);
    await this.client.create(type, object, { fieldManager });
  }

  async secret(
    name: string,
    pem: string | undefined,
    annotations: Record<string, string>,
    space = namespace,
  ): Promise<void> {
    const data: Record<string, string> = pem === undefined ? {} : { 'ca.crt': base64(pem) };
    const secret: Secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace: space, annotations },
      data,
    };
    await this.client.apply(secrets, secret, { ...byTest, force: true });
  }

  async certificate(name: string, secretName: string): Promise<void> {
    const certificate: Certificate = {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: { name, namespace },
      spec: { secretName, dnsNames: ['a.example.test'], issuerRef: { name: 'none' } },
    };
    await this.client.apply(certificates, certificate, { ...byTest, force: true });
  }

  get(type: ResourceType, name: string): Promise<KubeObject> {
    return this.client.get<KubeObject>(type, { name });
  }

  /** What each bundle of the target holds: the common names in order, or the text when it holds none. */
  async bundles(type: ResourceType, name: string): Promise<string[]> {
    return bundlesIn(await this.get(type, name)).map((text) => {
      if (!text.includes('BEGIN CERTIFICATE')) return text;
      return parseCertificates(text)
        .map(({ subjectFields }) => subjectFields.commonName)
        .join(' ');
    });
  }

  async holds(type: ResourceType, name: string, expected: string): Promise<void> {
    let seen: string[] = [];
    await until(
      () => `${type.kind} ${name} holds "${expected}", not ${JSON.stringify(seen)}; ${this.said.join('; ')}`,
      async () => {
        seen = await this.bundles(type, name);
        return seen.length > 0 && seen.every((one) => one === expected);
      },
    );
  }

  /** Every target of the kind holds as many certificates in each bundle. */
  async allHold(type: ResourceType, certificates: number): Promise<void> {
    await until(`each ${type.kind} holds ${certificates} certificates`, async () => {
      const { items } = await this.client.list<KubeObject>(type);
      return items
        .flatMap(bundlesIn)
        .every((text) => text.split('BEGIN CERTIFICATE').length - 1 === certificates);
    });
  }

  async told(pattern: RegExp): Promise<void> {
    await until(
      () => `it says ${pattern}: ${this.said.join('; ')}`,
      () => Promise.resolve(this.said.some((line) => pattern.test(line))),
    );
  }

  async owners(type: ResourceType, name: string): Promise<ManagedFieldsEntry[]> {
    return (await this.get(type, name)).metadata?.managedFields ?? [];
  }

  /** Until it is gone: the next world finds the cluster without it. */
  async #remove(type: ResourceType, name: string): Promise<void> {
    await until(`${type.kind} ${name} is gone`, async () => {
      try {
        await this.client.delete(type, { name });
        return false;
      } catch (error) {
        if (error instanceof NotFoundError) return true;
        throw error;
      }
    });
  }
}

interface Config {
  clientConfig?: { caBundle?: string };
}

function bundlesIn(object: KubeObject): string[] {
  const { webhooks, spec } = object as {
    webhooks?: Config[];
    spec?: { caBundle?: string; conversion?: { webhook?: Config } };
  };
  const found =
    webhooks === undefined
      ? [spec?.conversion === undefined ? spec?.caBundle : spec.conversion.webhook?.clientConfig?.caBundle]
      : webhooks.map(({ clientConfig }) => clientConfig?.caBundle);
  return found.map((bundle) => Buffer.from(bundle ?? '', 'base64').toString());
}
