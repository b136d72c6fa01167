/**
 * Answers that could not be taken away before their Challenge had to go: kept in a ConfigMap of ours, tried again, shown.
 * It lives where the Secrets of ClusterIssuers do (or in the one namespace that is served): whoever can write there can
 * use an issuer's credentials anyway, and nobody else must be able to make us clean up what they choose.
 */
import { secondsText } from '../../api/seconds-text.ts';
import type { Challenge, ChallengeSpec } from '../../api/challenge.ts';
import { componentOf } from '../../api/components.ts';
import type { ConfigMap } from '../../api/core.ts';
import { managedBy, managedByController } from '../../api/labels.ts';
import { configMaps } from '../../api/resources.ts';
import type { KubeClient } from '../../kube/client.ts';
import { AlreadyExistsError, KubeError, NotFoundError } from '../../kube/errors.ts';
import { roomFor } from './debt-room.ts';

export const debtsConfigMap = 'certwright-cleanup-debts';

export interface Debt {
  namespace: string;
  name: string;
  uid: string;
  spec: ChallengeSpec;
  /** Where a DNS-01 solver wrote, when that is not the place that the name says. */
  writtenNames?: string[];
  /** RFC 3339. */
  since: string;
  /** How often it was tried again since then. */
  attempts: number;
  problem: string;
}

export interface DebtsDeps {
  client: KubeClient;
  /** Where the ConfigMap is. */
  namespace: string;
  now(): number;
  /** Told after each look, and after each change. */
  onCount(count: number): void;
  /** There is a new one. */
  onAdded?(): void;
}

export class Debts {
  readonly #deps: DebtsDeps;
  readonly #fieldManager = componentOf('challenges');

  constructor(deps: DebtsDeps) {
    this.#deps = deps;
  }

  /**
   * Resolves once it is stored. Answers the debts that had to be dropped for it; itself where it cannot be stored at all:
   * a deletion waits for no ConfigMap. Rejects while the API server cannot answer.
   */
  async add(challenge: Challenge, problem: string): Promise<Debt[]> {
    const { uid = '', name = '', namespace = '' } = challenge.metadata ?? {};
    const written = challenge.status?.writtenNames;
    const debt: Debt = {
      namespace,
      name,
      uid,
      spec: lean(challenge.spec),
      ...(written === undefined ? {} : { writtenNames: written }),
      since: secondsText(this.#deps.now()),
      attempts: 0,
      problem: problem.slice(0, 1024),
    };
    const text = JSON.stringify(debt);
    try {
      const { [uid]: _again, ...entries } = await this.#entries();
      const stored = Object.entries(entries).flatMap(([other, value]) =>
        readDebt(other, value).map((one) => ({ debt: one, bytes: bytesOf(other, value) })),
      );
      const all = Object.entries(entries).reduce((total, [other, value]) => total + bytesOf(other, value), 0);
      const readable = stored.reduce((total, { bytes }) => total + bytes, 0);
      const dropped = roomFor(stored, all - readable, { debt, bytes: bytesOf(uid, text) });
      if (dropped === undefined) return [debt];
      await this.#store({ [uid]: text }, Object.fromEntries(dropped.map((one) => [one.uid, null])));
      this.#deps.onAdded?.();
      this.#deps.onCount(stored.length - dropped.length + 1);
      return dropped;
    } catch (error) {
      if (error instanceof KubeError && !error.retryable) return [debt];
      throw error;
    }
  }

  async #store(data: Record<string, string>, dropped: Record<string, null>): Promise<void> {
    const { client, namespace } = this.#deps;
    const key = { namespace, name: debtsConfigMap };
    const change = { data: { ...dropped, ...data } };
    try {
      await client.patch<ConfigMap>(configMaps, key, 'merge', change, { fieldManager: this.#fieldManager });
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      await this.#create(data);
    }
  }

  async #entries(): Promise<Readonly<Record<string, string>>> {
    const { client, namespace } = this.#deps;
    try {
      return (await client.get<ConfigMap>(configMaps, { namespace, name: debtsConfigMap })).data ?? {};
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      return {};
    }
  }

  async #create(data: Record<string, string>): Promise<void> {
    const { client, namespace } = this.#deps;
    const object: ConfigMap = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: debtsConfigMap, namespace, labels: { [managedBy]: managedByController } },
      data,
    };
    try {
      await client.create(configMaps, object, { fieldManager: this.#fieldManager });
    } catch (error) {
      if (!(error instanceof AlreadyExistsError)) throw error;
      const key = { namespace, name: debtsConfigMap };
      await client.patch<ConfigMap>(configMaps, key, 'merge', { data }, { fieldManager: this.#fieldManager });
    }
  }

  async list(): Promise<Debt[]> {
    const debts = Object.entries(await this.#entries()).flatMap(([uid, text]) => readDebt(uid, text));
    this.#deps.onCount(debts.length);
    return debts;
  }

  async tried(debt: Debt, problem: string): Promise<void> {
    const next: Debt = { ...debt, attempts: debt.attempts + 1, problem: problem.slice(0, 1024) };
    await this.#patch({ [debt.uid]: JSON.stringify(next) });
  }

  async remove(uid: string): Promise<void> {
    await this.#patch({ [uid]: null });
  }

  async #patch(data: Record<string, string | null>): Promise<void> {
    const { client, namespace } = this.#deps;
    const key = { namespace, name: debtsConfigMap };
    try {
      await client.patch<ConfigMap>(configMaps, key, 'merge', { data }, { fieldManager: this.#fieldManager });
    } catch (error) {
      // Somebody who may do that has forgiven all of them.
      if (!(error instanceof NotFoundError)) throw error;
    }
  }
}

/** Without what only matters while an answer is put in place, and may be long. */
function lean(spec: ChallengeSpec): ChallengeSpec {
  const { selector: _selector, http01, ...solver } = spec.solver;
  if (http01 === undefined) return { ...spec, solver };
  const { ingress, gatewayHTTPRoute: route, ...rest } = http01;
  const { podTemplate: _pod, ingressTemplate: _template, ...leanIngress } = ingress ?? {};
  const { podTemplate: _routePod, ...leanRoute } = route ?? {};
  return {
    ...spec,
    solver: {
      ...solver,
      http01: {
        ...rest,
        ...(ingress === undefined ? {} : { ingress: leanIngress }),
        ...(route === undefined ? {} : { gatewayHTTPRoute: leanRoute }),
      },
    },
  };
}

function bytesOf(key: string, text: string): number {
  return Buffer.byteLength(key) + Buffer.byteLength(text);
}

/** Entries that nobody can read are not ours: they are left where they are. */
function readDebt(uid: string, text: string): Debt[] {
  try {
    const debt = JSON.parse(text) as Partial<Debt> | null;
    const { spec, namespace, name, since } = debt ?? {};
    const whole =
      typeof spec === 'object' &&
      typeof spec.solver === 'object' &&
      typeof spec.dnsName === 'string' &&
      typeof spec.type === 'string' &&
      typeof spec.issuerRef?.name === 'string' &&
      typeof namespace === 'string' &&
      typeof name === 'string' &&
      typeof since === 'string';
    if (!whole) return [];
    const { attempts = 0, problem = '', writtenNames } = debt ?? {};
    const areNames = Array.isArray(writtenNames) && writtenNames.every((one) => typeof one === 'string');
    const more = areNames ? { writtenNames } : {};
    return [{ namespace, name, uid, spec, since, attempts, problem, ...more }];
  } catch {
    return [];
  }
}

/** The Challenge that a debt stands for, as far as a solver needs it to take its answer away. */
export function challengeOf({ namespace, name, uid, spec, writtenNames }: Debt): Challenge {
  return {
    apiVersion: 'acme.cert-manager.io/v1',
    kind: 'Challenge',
    metadata: { namespace, name, uid },
    spec,
    status: { processing: false, presented: true, ...(writtenNames === undefined ? {} : { writtenNames }) },
  };
}
