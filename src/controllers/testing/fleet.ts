/** A small world for controller tests: clock, client, running controllers, and the objects that tests begin with. */
import { after } from 'node:test';
import type { Certificate, CertificateSpec } from '../../api/certificate.ts';
import type { Secret } from '../../api/core.ts';
import { certificates, clusterIssuers, secrets } from '../../api/resources.ts';
import type { OpenAccount } from '../../issuers/acme/account-shelf.ts';
import { createIssuerTypes, type IssuerTypes } from '../../issuers/registry.ts';
import { createFakeClock, type FakeClock } from '../../kube/testing/fake-clock.ts';
import { NotFoundError } from '../../kube/errors.ts';
import type { ControllerOptions, Log } from '../context.ts';
import { startControllers, type Controllers } from '../manager.ts';
import { WorldClient } from './world-client.ts';

export const epoch = Date.parse('2026-01-01T00:00:00Z');
const silent = (): void => undefined;

export class Fleet {
  readonly clock: FakeClock;
  readonly client: WorldClient;
  readonly problems: { message: string; fields: object }[] = [];
  /** What the log says at level info. */
  readonly news: string[] = [];
  #controllers: Controllers | undefined;
  readonly #options: Partial<ControllerOptions>;
  readonly #types: IssuerTypes | undefined;
  readonly #openAccount: OpenAccount | undefined;

  constructor(options: Partial<ControllerOptions> = {}, types?: IssuerTypes, openAccount?: OpenAccount) {
    this.#types = types;
    this.#openAccount = openAccount;
    this.clock = createFakeClock(epoch, () => this.settle());
    this.client = new WorldClient(this.clock);
    this.#options = options;
  }
  get controllers(): Controllers {
    if (this.#controllers === undefined) throw new Error('the controllers are not running');
    return this.#controllers;
  }
  async start(): Promise<void> {
    const log: Log = {
      debug: silent,
      info: (_fields, message) => void this.news.push(message),
      warn: silent,
      error: (fields, message) => void this.problems.push({ fields, message }),
    };
    this.#controllers = startControllers({
      client: this.client,
      clock: this.clock,
      random: () => 0.5,
      log,
      options: this.#options,
      issuerTypes: this.#types ?? createIssuerTypes(),
      openAccount: this.#openAccount,
    });
    await this.#controllers.synced;
    await this.settle();
  }
  async stop(): Promise<void> {
    await this.#controllers?.stop();
    this.#controllers = undefined;
  }
  /** Waits until nothing has been written for a while of real event-loop turns; key generation included. */
  async settle(): Promise<void> {
    let quiet = 0;
    for (let before = this.client.writes.length; quiet < 12; before = this.client.writes.length) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      quiet = this.client.writes.length === before ? quiet + 1 : 0;
    }
  }
  async selfSigned(name = 'selfsigned'): Promise<void> {
    await this.client.create(clusterIssuers, { metadata: { name }, spec: { selfSigned: {} } } as never, {
      fieldManager: 'test',
    });
  }
  async caIssuer(name: string, secretName: string): Promise<void> {
    await this.client.create(clusterIssuers, { metadata: { name }, spec: { ca: { secretName } } } as never, {
      fieldManager: 'test',
    });
  }
  async certificate(name: string, spec: Partial<CertificateSpec> = {}, metadata: object = {}): Promise<void> {
    const object: Certificate = {
      metadata: { name, namespace: 'shop', ...metadata },
      spec: {
        secretName: name,
        commonName: name,
        dnsNames: [`${name}.example.com`],
        privateKey: { algorithm: 'ECDSA', size: 256 },
        issuerRef: { name: 'selfsigned', kind: 'ClusterIssuer' },
        ...spec,
      },
    };
    await this.client.create(certificates, object, { fieldManager: 'test' });
  }
  getCertificate(name: string): Promise<Certificate> {
    return this.client.get<Certificate>(certificates, { namespace: 'shop', name });
  }
  async getSecret(name: string): Promise<Secret | undefined> {
    return this.client.get<Secret>(secrets, { namespace: 'shop', name }).catch((error: unknown) => {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    });
  }
}

/** Starts fleets, and stops them when the tests of the calling file are over. */
export function fleetStarter(): (
  options?: Partial<ControllerOptions>,
  types?: IssuerTypes,
  openAccount?: OpenAccount,
) => Promise<Fleet> {
  const running: Fleet[] = [];
  after(async () => {
    for (const fleet of running) await fleet.stop();
  });
  return async (options, types, openAccount) => {
    const fleet = new Fleet(options, types, openAccount);
    running.push(fleet);
    await fleet.start();
    return fleet;
  };
}

/** What `cmctl renew` writes. */
export async function triggerByHand(fleet: Fleet, name: string): Promise<void> {
  const certificate = await fleet.getCertificate(name);
  const others = certificate.status?.conditions?.filter(({ type }) => type !== 'Issuing') ?? [];
  const lastTransitionTime = `${new Date(fleet.clock.now()).toISOString().slice(0, 19)}Z`;
  const issuing = {
    type: 'Issuing',
    status: 'True',
    reason: 'ManuallyTriggered',
    message: 'Certificate re-issuance manually triggered',
    lastTransitionTime,
  } as const;
  const status = { ...certificate.status, conditions: [...others, issuing] };
  await fleet.client.update(
    certificates,
    { ...certificate, status },
    { fieldManager: 'cmctl', subresource: 'status' },
  );
}
