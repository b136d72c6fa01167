/** The writes that decisions call for, one function each; every answer goes into the caches at once. */
import { controllingOwner } from '../../api/controlling-owner.ts';
import { randomBytes } from 'node:crypto';
import type { Certificate, CertificateStatus } from '../../api/certificate.ts';
import type { CertificateRequest } from '../../api/certificate-request.ts';
import type { Secret } from '../../api/core.ts';
import { certificateRequests, certificates, secrets } from '../../api/resources.ts';
import { AlreadyExistsError, NotFoundError } from '../../kube/errors.ts';
import { referenceTo } from '../../kube/events.ts';
import type { ControllerContext } from '../context.ts';
import { components, labelKeys, secretKeys } from './constants.ts';
import type { CertificateEvent } from './decision.ts';
import { ChangedMeanwhileError, KeystorePasswordError, RequestNameTakenError } from './errors.ts';
import { nextKeyGenerateName } from './naming.ts';
import {
  ownerReference,
  passwordNeeds,
  targetSecret,
  type KeystorePasswords,
  type SecretContent,
} from './secret-content.ts';

export interface Reference {
  name: string;
  uid: string;
}

export class Actions {
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  /**
   * Full-object status update with optimistic locking: a conflict means that somebody was faster, and we decide again.
   *
   * @throws ChangedMeanwhileError when the Certificate was deleted meanwhile
   */
  async writeStatus(certificate: Certificate, status: CertificateStatus, manager: string): Promise<void> {
    const { client, informers } = this.#context;
    const object: Certificate = {
      ...certificate,
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      status,
    };
    try {
      informers.certificates.observe(
        await client.update<Certificate>(certificates, object, {
          fieldManager: manager,
          subresource: 'status',
        }),
      );
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      throw new ChangedMeanwhileError(`Certificate "${certificate.metadata?.name ?? ''}" is gone`);
    }
  }

  tell(certificate: Certificate, events: readonly CertificateEvent[]): void {
    const reference = referenceTo(certificates, certificate);
    for (const { component, type, reason, message } of events) {
      this.#context.events.event(
        { ...reference, apiVersion: 'cert-manager.io/v1', kind: 'Certificate' },
        component,
        type,
        reason,
        message,
      );
    }
  }

  async deleteRequests(namespace: string, requests: readonly Reference[]): Promise<void> {
    for (const { name, uid } of requests) {
      await this.#delete(() =>
        this.#context.client.delete(certificateRequests, { namespace, name }, { preconditions: { uid } }),
      );
    }
  }

  async deleteSecrets(namespace: string, targets: readonly Reference[]): Promise<void> {
    for (const { name, uid } of targets) {
      await this.#delete(() =>
        this.#context.client.delete(secrets, { namespace, name }, { preconditions: { uid } }),
      );
    }
  }

  /** Creates the request; one of the same name that this Certificate owns is left over from a crash and makes way. */
  async createRequest(certificate: Certificate, request: CertificateRequest): Promise<CertificateRequest> {
    const { client, informers } = this.#context;
    const options = { fieldManager: components.requestManager };
    const create = async (): Promise<CertificateRequest> => {
      const created = await client.create<CertificateRequest>(certificateRequests, request, options);
      informers.certificateRequests.observe(created);
      return created;
    };
    try {
      return await create();
    } catch (error) {
      if (!(error instanceof AlreadyExistsError)) throw error;
    }
    const name = request.metadata?.name ?? '';
    const namespace = request.metadata?.namespace ?? '';
    const existing = await client.get<CertificateRequest>(certificateRequests, { namespace, name });
    const owner = controllingOwner(existing.metadata);
    if (owner?.uid !== certificate.metadata?.uid) throw new RequestNameTakenError(name);
    await this.deleteRequests(namespace, [{ name, uid: existing.metadata?.uid ?? '' }]);
    return create();
  }

  /** The next private key in a Secret of its own, always PKCS#8 (lifecycle §10). `uid`: of the Secret, if this made it. */
  async storeKey(
    certificate: Certificate,
    pkcs8Pem: Buffer,
    name: string | undefined,
  ): Promise<{ name: string; uid?: string }> {
    const { client, informers } = this.#context;
    const { namespace, name: certificateName = '' } = certificate.metadata ?? {};
    const secret: Secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        ...(name === undefined ? { generateName: nextKeyGenerateName(certificateName) } : { name }),
        namespace,
        labels: { [labelKeys.nextPrivateKey]: 'true', [labelKeys.filtered]: 'true' },
        ownerReferences: [ownerReference(certificate)],
      },
      data: { [secretKeys.privateKey]: pkcs8Pem.toString('base64') },
    };
    try {
      const created = await client.create<Secret>(secrets, secret, { fieldManager: components.keyManager });
      informers.secrets.observe(created);
      return { name: created.metadata?.name ?? '', uid: created.metadata?.uid ?? '' };
    } catch (error) {
      if (!(error instanceof AlreadyExistsError) || name === undefined) throw error;
      const existing = await this.readSecret(namespace ?? '', name);
      informers.secrets.observe(existing);
      return { name };
    }
  }

  async readSecret(namespace: string, name: string): Promise<Secret> {
    try {
      return await this.#context.client.get<Secret>(secrets, { namespace, name });
    } catch (error) {
      if (error instanceof NotFoundError) throw new ChangedMeanwhileError(`Secret "${name}" is gone`);
      throw error;
    }
  }

  /** The bytes of an entry. @throws ChangedMeanwhileError when it is not there (any more) */
  async readEntry(namespace: string, name: string, key: string): Promise<Buffer> {
    const value = (await this.readSecret(namespace, name)).data?.[key];
    if (value === undefined || value === '')
      throw new ChangedMeanwhileError(`Secret "${name}" has no entry "${key}"`);
    return Buffer.from(value, 'base64');
  }

  /** @throws KeystorePasswordError */
  async readPasswords(certificate: Certificate): Promise<KeystorePasswords> {
    const passwords: KeystorePasswords = {};
    const namespace = certificate.metadata?.namespace ?? '';
    for (const { kind, password, ref } of passwordNeeds(certificate.spec)) {
      const title = kind === 'jks' ? 'JKS' : 'PKCS12';
      if (ref === undefined) {
        passwords[kind] = password ?? '';
        continue;
      }
      const secret = await this.#context.client
        .get<Secret>(secrets, { namespace, name: ref.name })
        .catch((error: unknown) => {
          if (error instanceof NotFoundError)
            throw new KeystorePasswordError(
              `${title} keystore password Secret "${ref.name}" not found`,
              true,
            );
          throw error;
        });
      const value = secret.data?.[ref.key];
      if (value === undefined || value === '') {
        throw new KeystorePasswordError(
          `${title} keystore password Secret "${ref.name}" contains no data for key "${ref.key}"`,
          false,
        );
      }
      passwords[kind] = Buffer.from(value, 'base64').toString('utf8');
    }
    return passwords;
  }

  /** Forced server-side apply: keys of other managers are left alone, ours that are no longer wanted disappear. */
  async applySecret(content: Omit<SecretContent, 'ownerRef' | 'random' | 'nowMs'>): Promise<void> {
    const { client, informers, options, clock } = this.#context;
    const secret = targetSecret({
      ...content,
      ownerRef: options.enableCertificateOwnerRef,
      random: randomBytes,
      nowMs: clock.now(),
    });
    informers.secrets.observe(
      await client.apply<Secret>(secrets, secret, { fieldManager: components.issuing, force: true }),
    );
  }

  async #delete(remove: () => Promise<void>): Promise<void> {
    try {
      await remove();
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
    }
  }
}
