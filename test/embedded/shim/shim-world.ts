/** A world with the shims in it, and short words for what their users do and see. */
import type { TestContext } from 'node:test';
import type { Certificate } from '../../../src/api/certificate.ts';
import type { Event } from '../../../src/api/core.ts';
import type { KubeObject } from '../../../src/api/meta.ts';
import { ingresses } from '../../../src/api/networking.ts';
import { certificates, events, type ResourceType } from '../../../src/api/resources.ts';
import { shimModules } from '../../../src/controllers/shim/modules.ts';
import { defaultShimOptions, type ShimOptions } from '../../../src/controllers/shim/options.ts';
import { NotFoundError } from '../../../src/kube/errors.ts';
import { until } from '../../cluster/until.ts';
import type { Written } from '../mortal-client.ts';
import { namespace, StandaloneWorld, type WorldOptions } from '../standalone-world.ts';

export type Texts = Readonly<Record<string, string>>;

/** An issuer that needs no Secret, and keys that cost little. */
export const annotated = {
  'cert-manager.io/cluster-issuer': 'selfsigned',
  'cert-manager.io/private-key-algorithm': 'ECDSA',
} as const;

const user = { fieldManager: 'kubectl' };

export class ShimWorld {
  readonly world: StandaloneWorld;

  private constructor(world: StandaloneWorld) {
    this.world = world;
  }

  static async start(
    t: TestContext,
    options: Partial<ShimOptions> = {},
    definitions: readonly KubeObject[] = [],
    worldOptions: WorldOptions = {},
  ): Promise<ShimWorld> {
    const modules = shimModules({ ...defaultShimOptions, ...options });
    const world = await StandaloneWorld.start(t, { ...worldOptions, modules, crds: definitions });
    await world.clusterIssuer('selfsigned', { selfSigned: {} });
    return new ShimWorld(world);
  }

  /** Creates, or changes what is there. */
  async put(type: ResourceType, object: KubeObject): Promise<void> {
    const whole = { apiVersion: `${type.group}/${type.version}`, kind: type.kind, ...object };
    await this.world.user.apply(type, whole, { ...user, force: true });
  }

  async ingress(
    name: string,
    tls: readonly { hosts?: readonly string[]; secretName?: string }[],
    annotations: Texts = annotated,
    metadata: object = {},
  ): Promise<void> {
    const service = { name: 'web', port: { number: 80 } };
    await this.put(ingresses, {
      metadata: { name, namespace, annotations, ...metadata },
      spec: { defaultBackend: { service }, tls },
    } as KubeObject);
  }

  async remove(type: ResourceType, name: string): Promise<void> {
    await this.world.user.delete(type, { namespace, name });
  }

  /** What a person does with `kubectl edit certificate`. */
  async edit(name: string, patch: object): Promise<void> {
    await this.world.user.patch(certificates, { namespace, name }, 'merge', patch, {
      fieldManager: 'kubectl-edit',
    });
  }

  certificate(name: string): Promise<Certificate> {
    return this.world.get(name);
  }

  async names(): Promise<string[]> {
    const { items } = await this.world.user.list<Certificate>(certificates, { namespace });
    return items.map(({ metadata }) => metadata?.name ?? '').toSorted();
  }

  /** Waits until the Certificates of the namespace are these. */
  async become(...names: string[]): Promise<void> {
    const wanted = names.toSorted().join(' ');
    let found = '';
    await until(
      () => `Certificates ${wanted}; there are: ${found}`,
      async () => (found = (await this.names()).join(' ')) === wanted,
    );
    await this.world.settle();
  }

  /** Waits until the Certificate is there and like that. */
  async is(name: string, what: string, holds: (certificate: Certificate) => boolean): Promise<void> {
    await until(`${name} ${what}`, async () => {
      try {
        return holds(await this.certificate(name));
      } catch (error) {
        if (error instanceof NotFoundError) return false;
        throw error;
      }
    });
    await this.world.settle();
  }

  async isReady(name: string): Promise<void> {
    await this.is(name, 'is Ready', ({ status }) =>
      (status?.conditions ?? []).some(({ type, status: state }) => type === 'Ready' && state === 'True'),
    );
  }

  /** Waits for an event about an object that says so; answers its reason. */
  async told(name: string, message: RegExp): Promise<string> {
    let reason = '';
    let heard: string[] = [];
    await until(
      () => `${name} is told ${message}; heard: ${heard.join(' | ')}`,
      async () => {
        const { items } = await this.world.user.list<Event>(events, { namespace });
        const about = items.filter(({ involvedObject }) => involvedObject.name === name);
        heard = about.map((event) => event.message ?? '');
        const found = about.find((event) => message.test(event.message ?? ''));
        reason = found?.reason ?? '';
        return found !== undefined;
      },
    );
    return reason;
  }

  /** `verb name` of the writes of Certificates' specs since the last call: those of the shims. */
  written(): string[] {
    const writes = this.world.ours.writes.splice(0);
    return writes.filter(isOfShim).map(({ verb, name }) => `${verb} ${name}`);
  }
}

function isOfShim({ kind, manager, verb }: Written): boolean {
  return kind === 'Certificate' && (verb === 'delete' || /-shim$|-listenerset$/u.test(manager));
}
