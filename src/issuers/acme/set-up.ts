/** How an ACME issuer becomes ready: key, Secrets of its solvers, account, contact (acme.md §3.3, RFC 8555 §7.3). */
import { messageOf } from '../../api/message-of.ts';
import type { AcmeAccount, AcmeClient, ExternalAccount } from '../../acme/acme-client.ts';
import { AcmeConfigurationError, AcmeProblemError, AcmeTransportError } from '../../acme/errors.ts';
import type { Secret } from '../../api/core.ts';
import { accountDeactivated } from '../../api/annotations.ts';
import { managedBy, managedByController } from '../../api/labels.ts';
import { issuerReasons } from '../../api/reasons.ts';
import { PkiError } from '../../pki/errors.ts';
import { encodePrivateKey, generateKey } from '../../pki/keys.ts';
import type { AnyIssuer, IssuerContext, Readiness } from '../issuer.ts';
import { accountKeyIn, accountKeyReference, fingerprintOf, type AccountKey } from './account-key.ts';
import { externalAccountIn } from './external-account.ts';
import { caFault, describeRefusal, retryTime } from './ca-refusal.ts';
import { historicServer } from './historic-servers.ts';
import { no, NotReady } from './not-ready.ts';
import { settleRollover } from './settle-rollover.ts';
import { solverSecrets } from './solver-secrets.ts';
import type { AcmeSurroundings } from './surroundings.ts';

export const registeredMessage = 'The ACME account was registered with the ACME server';

type AccountStatus = NonNullable<Readiness['acme']>;

/** The Ready condition and `status.acme` of an ACME issuer. Rejects only for faults of ours. */
export async function setUp(context: IssuerContext, acme: AcmeSurroundings): Promise<Readiness> {
  try {
    return await climb(context, acme);
  } catch (error) {
    if (error instanceof NotReady) return error.readiness;
    throw error;
  }
}

async function climb(context: IssuerContext, acme: AcmeSurroundings): Promise<Readiness> {
  const { issuer } = context;
  const server = issuer.spec.acme?.server ?? '';
  const current = historicServer(server);
  if (current !== undefined) {
    const message = `Your ACME server URL is set to a v1 endpoint (${server}). You should update the spec.acme.server field to ${JSON.stringify(current)}`;
    throw no(issuerReasons.invalidConfig, message);
  }
  const { key, isNew, isClosed } = await accountKey(context, acme);
  checkSolvers(context, acme);
  await checkSolverSecrets(context);
  if (!URL.canParse(server) || !/^https?:$/u.test(new URL(server).protocol)) {
    const message = `Failed to parse existing ACME server URI ${JSON.stringify(server.slice(0, 256))}: spec.acme.server must be an http or https URL`;
    throw no(issuerReasons.invalidUrl, message);
  }
  const known = knownAccount(issuer, key, isNew);
  // Nothing in the spec changed since the account was proven: no CA is asked, also not after a restart.
  const doubted = isClosed || acme.accounts.isDistrusted(issuer);
  if (known !== undefined && !doubted && isProven(issuer) && hasContact(known, issuer)) return ready(known);
  return withAccount(context, acme, key, known, isNew);
}

/** Registers, or finds the account again, and keeps its contact. */
async function withAccount(
  context: IssuerContext,
  acme: AcmeSurroundings,
  key: AccountKey,
  known: AccountStatus | undefined,
  isNew: boolean,
): Promise<Readiness> {
  const { issuer } = context;
  const binding = await readExternalAccount(context);
  const client = openClient(acme, issuer, key);
  try {
    const account = await findOrRegister(context, acme, client, binding, !isNew && hadAccount(issuer));
    if (account.status !== 'valid') {
      const message = `Failed to register ACME account: the CA says that account ${account.url} is ${account.status}, which is final. Remove Secret ${context.resourceNamespace}/${accountKeyReference(issuer).name} to register with a new key`;
      throw no(issuerReasons.errRegisterAcmeAccount, message, { acme: {} });
    }
    acme.accounts.trust(issuer);
    await keepContact(context, client, account);
    return ready(statusOf(issuer, account, key));
  } catch (error) {
    if (!isPassing(error) || known === undefined) throw error;
    // What changed in the spec cannot be looked at while the CA is away; account, key and contact were proven before.
    return { ...ready(known), recheckAt: retryTime(error, context.now().getTime()) };
  } finally {
    await client.close();
  }
}

/** No answer, or a fault of the CA: the account is as it was. */
function isPassing(error: unknown): boolean {
  const cause = error instanceof NotReady ? error.cause : error;
  return cause instanceof AcmeTransportError || (cause instanceof AcmeProblemError && caFault(cause));
}

async function findOrRegister(
  context: IssuerContext,
  acme: AcmeSurroundings,
  client: AcmeClient,
  binding: ExternalAccount | undefined,
  mayExist: boolean,
): Promise<AcmeAccount> {
  const { issuer } = context;
  const now = context.now().getTime();
  const email = issuer.spec.acme?.email ?? '';
  try {
    // A binding may be good for one registration only: an account that is there is never registered again.
    if (mayExist) {
      const account = await client.findAccount().catch(missing);
      if (account !== undefined) return account;
    }
    const directory = await client.directory();
    if (directory.externalAccountRequired && binding === undefined) {
      const account = await client.findAccount().catch(missing);
      if (account !== undefined) return account;
      throw no(
        issuerReasons.errRegisterAcmeAccount,
        'Failed to register ACME account: the CA registers accounts only with an external account binding: set spec.acme.externalAccountBinding with the key ID and the MAC key that it gave out',
      );
    }
    const admission = acme.budget?.admitRegistration(issuer.spec.acme?.server ?? '', now);
    if (admission?.admit === false) {
      const message = `Failed to register ACME account: ${admission.message}`;
      throw no(issuerReasons.errRegisterAcmeAccount, message, { recheckAt: admission.until });
    }
    const contact = email === '' ? [] : [`mailto:${email.toLowerCase()}`];
    return await client.register({
      contact,
      ...(binding === undefined ? {} : { externalAccount: binding }),
    });
  } catch (error) {
    const prefix = 'Failed to register ACME account: ';
    const which = binding === undefined ? '' : bindingUsed(context, error);
    throw refusal(issuerReasons.errRegisterAcmeAccount, prefix, error, now, which);
  }
}

/** What vouches for the account is refused with these two (RFC 8555 §7.3.4), and a CA hardly says which key it was. */
function bindingUsed({ issuer, resourceNamespace }: IssuerContext, error: unknown): string {
  const binding = issuer.spec.acme?.externalAccountBinding;
  const isRefused = error instanceof AcmeProblemError && (error.is('unauthorized') || error.is('malformed'));
  if (binding === undefined || !isRefused) return '';
  const { name, key } = binding.keySecretRef;
  return ` (asked with external account key ID ${JSON.stringify(binding.keyID)} and the MAC key in entry ${JSON.stringify(key)} of secret ${resourceNamespace}/${name}; such keys end, and some count once)`;
}

function missing(error: unknown): undefined {
  if (error instanceof AcmeProblemError && error.isAccountMissing) return undefined;
  throw error;
}

async function keepContact(context: IssuerContext, client: AcmeClient, account: AcmeAccount): Promise<void> {
  const email = (context.issuer.spec.acme?.email ?? '').toLowerCase();
  const registered = (account.contact[0] ?? '').replace(/^mailto:/u, '').toLowerCase();
  if (registered === email) return;
  try {
    await client.updateContact(email === '' ? [] : [`mailto:${email}`]);
  } catch (error) {
    // Without a space, as cert-manager has it.
    const prefix = 'Failed to update ACME account:';
    throw refusal(issuerReasons.errUpdateAcmeAccount, prefix, error, context.now().getTime());
  }
}

/** What the CA said, as a rung that says no: when to look again depends on what it was. */
function refusal(reason: string, prefix: string, error: unknown, now: number, suffix = ''): unknown {
  if (error instanceof NotReady) return error;
  if (!(error instanceof Error)) return error;
  const text = `${prefix}${describeRefusal(error)}${suffix}`;
  const rung = no(reason, text, { ...whenAgain(error, now) });
  rung.cause = error;
  return rung;
}

/** cert-manager stays as it is after any 4xx, 429 too; we look again when the CA says. */
function whenAgain(error: Error, now: number): Partial<Readiness> {
  if (error instanceof AcmeConfigurationError) return {};
  if (error instanceof AcmeProblemError) {
    if (error.retryAt !== undefined || error.isRateLimited || error.isUserActionRequired)
      return { recheckAt: retryTime(error, now) };
    return { retry: error.retryable };
  }
  return { retry: true };
}

function openClient(acme: AcmeSurroundings, issuer: AnyIssuer, key: AccountKey): AcmeClient {
  try {
    return acme.accounts.open(issuer, key);
  } catch (error) {
    if (!(error instanceof AcmeConfigurationError)) throw error;
    throw no(issuerReasons.errRegisterAcmeAccount, `Failed to register ACME account: ${error.message}`);
  }
}

async function readExternalAccount(context: IssuerContext): Promise<ExternalAccount | undefined> {
  const binding = context.issuer.spec.acme?.externalAccountBinding;
  if (binding === undefined) return undefined;
  let secret: Secret | undefined;
  try {
    secret = await context.readSecret(context.resourceNamespace, binding.keySecretRef.name);
  } catch (error) {
    const message = `Failed to register ACME account: failed to get External Account Binding key from secret: ${messageOf(error)}`;
    throw no(issuerReasons.errRegisterAcmeAccount, message, { retry: true });
  }
  const account = externalAccountIn(binding, secret);
  if (typeof account !== 'string') return account;
  throw no(issuerReasons.errRegisterAcmeAccount, `Failed to register ACME account: ${account}`);
}

async function accountKey(
  context: IssuerContext,
  acme: AcmeSurroundings,
): Promise<{ key: AccountKey; isNew: boolean; isClosed: boolean }> {
  const { resourceNamespace: namespace } = context;
  const { name, entry } = accountKeyReference(context.issuer);
  const where = `${namespace}/${name}`;
  let secret: Secret | undefined;
  try {
    secret = await context.readSecret(namespace, name);
  } catch (error) {
    const message = `Failed to verify ACME account: secret ${where} cannot be read: ${messageOf(error)}`;
    throw no(issuerReasons.errVerifyAcmeAccount, message, { retry: true });
  }
  if (secret === undefined)
    return { key: await newKey(context, acme, name, entry), isNew: true, isClosed: false };
  secret = await settleRollover(context, acme, secret);
  const isClosed = secret.metadata?.annotations?.[accountDeactivated] !== undefined;
  try {
    const key = accountKeyIn(secret, entry);
    if (key !== undefined) return { key, isNew: false, isClosed };
  } catch (error) {
    if (!(error instanceof PkiError)) throw error;
    const message = `Account private key is invalid: entry ${JSON.stringify(entry)} of secret ${where}: ${error.message}`;
    throw no(issuerReasons.errVerifyAcmeAccount, message);
  }
  const message = `Account private key is invalid: secret ${where} has no entry ${JSON.stringify(entry)}; put the account key there, or remove the Secret to have one made`;
  throw no(issuerReasons.errVerifyAcmeAccount, message);
}

async function newKey(
  context: IssuerContext,
  acme: AcmeSurroundings,
  name: string,
  entry: string,
): Promise<AccountKey> {
  const { issuer, resourceNamespace: namespace } = context;
  if (issuer.spec.acme?.disableAccountKeyGeneration === true) {
    const message = `Failed to verify ACME account: the ACME issuer config has 'disableAccountKeyGeneration' set to true, but the secret was not found: secret ${namespace}/${name}; create it with the key as PEM in entry ${JSON.stringify(entry)}, or set the field to false to have one made`;
    throw no(issuerReasons.errVerifyAcmeAccount, message, { retry: true });
  }
  try {
    const key = await generateKey({ algorithm: 'RSA', size: 2048 });
    const pem = encodePrivateKey(key, 'PKCS1');
    await acme.createSecret({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace, labels: { [managedBy]: managedByController } },
      data: { [entry]: Buffer.from(pem, 'utf8').toString('base64') },
    });
    return { pem, fingerprint: fingerprintOf(key) };
  } catch (error) {
    const message = `Failed to register ACME account: the account key could not be stored in secret ${namespace}/${name}: ${messageOf(error)}`;
    throw no(issuerReasons.errRegisterAcmeAccount, message, { retry: true });
  }
}

/** Before anything is registered: a solver that never works would otherwise be noticed when a certificate is due. */
function checkSolvers({ issuer }: IssuerContext, acme: AcmeSurroundings): void {
  const problems = (issuer.spec.acme?.solvers ?? []).flatMap((solver, index) => {
    const objection = acme.solverObjection?.(solver);
    return objection === undefined ? [] : [`spec.acme.solvers[${index}]: ${objection}`];
  });
  if (problems.length > 0) throw no(issuerReasons.invalidSolver, problems.join('; '));
}

/** One missing Secret makes the whole issuer not ready, as with cert-manager. */
async function checkSolverSecrets(context: IssuerContext): Promise<void> {
  const problems: string[] = [];
  for (const { name, key } of solverSecrets(context.issuer.spec.acme)) {
    const quoted = JSON.stringify(name);
    try {
      const secret = await context.readSecret(context.resourceNamespace, name);
      if (secret === undefined)
        problems.push(`failed to get secret ${quoted}: not found in namespace ${context.resourceNamespace}`);
      else if (key !== undefined && secret.data?.[key] === undefined)
        problems.push(`the secret ${quoted} does not have key ${JSON.stringify(key)}`);
    } catch (error) {
      throw no(issuerReasons.invalidSolver, `failed to get secret ${quoted}: ${messageOf(error)}`, {
        retry: true,
      });
    }
  }
  if (problems.length > 0) throw no(issuerReasons.invalidSolver, problems.join('; '));
}

/** The account in the status, when it belongs to this key; one at another host belongs to another CA. */
function knownAccount(issuer: AnyIssuer, key: AccountKey, isNew: boolean): AccountStatus | undefined {
  const account = issuer.status?.acme;
  if (isNew || account?.uri === undefined || account.lastPrivateKeyHash !== key.fingerprint) return undefined;
  if (isProven(issuer)) return account;
  // The server may have been changed to another CA meanwhile: the account is then registered there.
  if (!URL.canParse(account.uri)) return undefined;
  return new URL(account.uri).host === new URL(issuer.spec.acme?.server ?? '').host ? account : undefined;
}

/** With this CA, by this key or by the one before it: the account may have been given another key (RFC 8555 §7.3.5). */
function hadAccount({ spec, status }: AnyIssuer): boolean {
  const uri = URL.parse(status?.acme?.uri ?? '');
  return uri !== null && uri.host === URL.parse(spec.acme?.server ?? '')?.host;
}

function hasContact({ lastRegisteredEmail = '' }: AccountStatus, issuer: AnyIssuer): boolean {
  return lastRegisteredEmail === (issuer.spec.acme?.email ?? '');
}

/** The condition is about the spec as it is now. */
function isProven({ metadata, status }: AnyIssuer): boolean {
  const condition = status?.conditions?.find(({ type }) => type === 'Ready');
  return condition?.status === 'True' && condition.observedGeneration === metadata?.generation;
}

function statusOf(issuer: AnyIssuer, account: AcmeAccount, key: AccountKey): AccountStatus {
  const lastRegisteredEmail = issuer.spec.acme?.email ?? '';
  return {
    uri: account.url,
    lastPrivateKeyHash: key.fingerprint,
    ...(lastRegisteredEmail === '' ? {} : { lastRegisteredEmail }),
  };
}

function ready(acme: AccountStatus): Readiness {
  return {
    ready: true,
    reason: issuerReasons.acmeAccountRegistered,
    message: registeredMessage,
    retry: false,
    acme,
  };
}
