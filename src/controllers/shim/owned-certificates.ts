/** Which Certificates are controlled by whom, kept from the shared cache, so that no work grows with the number of objects. */
import { controllingOwner } from '../../api/controlling-owner.ts';
import type { Certificate } from '../../api/certificate.ts';
import type { OwnerReference } from '../../api/meta.ts';
import { cacheKey, type Change, type Informer } from '../../kube/cache.ts';

export interface Ownership {
  readonly key: string;
  readonly before?: OwnerReference | undefined;
  readonly now?: OwnerReference | undefined;
  readonly relisted: boolean;
}

export class OwnedCertificates {
  readonly #informer: Informer<Certificate>;
  /** `namespace/uid` of the controller -> keys of its Certificates. */
  readonly #owned = new Map<string, Set<string>>();

  /**
   * @param concerns whether a controller is of a kind that this index is for
   * @param onChange told of changes that a decision can depend on; never of a status alone
   */
  constructor(
    informer: Informer<Certificate>,
    concerns: (owner: OwnerReference) => boolean,
    onChange: (change: Ownership) => void,
  ) {
    this.#informer = informer;
    informer.onChange((change) => {
      const { key, previous, current, relisted } = change;
      const ours = (certificate: Certificate | undefined): OwnerReference | undefined => {
        const controller = controllingOwner(certificate?.metadata);
        return controller !== undefined && concerns(controller) ? controller : undefined;
      };
      const [before, now] = [ours(previous), ours(current)];
      const namespace = (current ?? previous)?.metadata?.namespace;
      if (before !== undefined && before.uid !== now?.uid) this.#drop(cacheKey(namespace, before.uid), key);
      if (now !== undefined) this.#add(cacheKey(namespace, now.uid), key);
      if (!matters(change)) return;
      onChange({ key, before, now, relisted });
    });
  }

  of(namespace: string, uid: string): Certificate[] {
    const keys = this.#owned.get(cacheKey(namespace, uid)) ?? [];
    return [...keys].flatMap((key) => this.#informer.get(key) ?? []);
  }

  #add(owner: string, key: string): void {
    const keys = this.#owned.get(owner);
    if (keys === undefined) this.#owned.set(owner, new Set([key]));
    else keys.add(key);
  }

  #drop(owner: string, key: string): void {
    const keys = this.#owned.get(owner);
    keys?.delete(key);
    if (keys?.size === 0) this.#owned.delete(owner);
  }
}

/** An issuance writes the status some times: none of that can change what an Ingress wants. */
function matters({ previous, current }: Change<Certificate>): boolean {
  const [before, now] = [previous?.metadata, current?.metadata];
  if (before === undefined || now === undefined) return true;
  return (
    before.uid !== now.uid ||
    before.generation !== now.generation ||
    before.deletionTimestamp !== now.deletionTimestamp ||
    JSON.stringify([before.labels, before.annotations, before.ownerReferences]) !==
      JSON.stringify([now.labels, now.annotations, now.ownerReferences])
  );
}
