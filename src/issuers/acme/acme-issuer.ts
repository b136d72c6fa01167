/** Signs with an ACME CA: by an Order for each request, which the Order controller brings to a certificate (acme.md §3, §4). */
import { messageOf } from '../../api/message-of.ts';
import { controllingOwner } from '../../api/controlling-owner.ts';
import type { Order } from '../../api/order.ts';
import { issuerReasons, requestEvents } from '../../api/reasons.ts';
import { PkiError } from '../../pki/errors.ts';
import { publicKeysEqual } from '../../pki/keys.ts';
import { CsrReader } from '../../pki/x509/csr-reader.ts';
import { parseCertificates, type ParsedCertificate } from '../../pki/x509/parse-certificate.ts';
import type { ParsedCsr } from '../../pki/x509/parse-csr.ts';
import type {
  AnyIssuer,
  IssuerContext,
  IssuerType,
  Readiness,
  SigningRequest,
  SignOutcome,
} from '../issuer.ts';
import { accountKeyReference } from './account-key.ts';
import { orderFor, orderSpecFor } from './new-order.ts';
import type { OrderFacts } from './order-facts.ts';
import { setUp } from './set-up.ts';
import { solverSecrets } from './solver-secrets.ts';
import type { AcmeSurroundings } from './surroundings.ts';

/** Requests whose first certificate was useless; the oldest are forgotten. */
const rememberedSpoilt = 1024;

export class AcmeIssuer implements IssuerType {
  readonly name = 'acme';
  readonly component = 'acme';
  readonly inProcess = false;
  readonly #csrs: CsrReader;
  /** UIDs of requests for which the CA delivered a certificate that is none, or is for another key. */
  readonly #spoilt = new Set<string>();

  constructor(csrs = new CsrReader()) {
    this.#csrs = csrs;
  }

  referencedSecrets(issuer: AnyIssuer): readonly string[] {
    const { acme } = issuer.spec;
    const names = solverSecrets(acme).map(({ name }) => name);
    names.push(accountKeyReference(issuer).name, acme?.externalAccountBinding?.keySecretRef.name ?? '');
    return [...new Set(names.filter((name) => name !== ''))];
  }

  check(context: IssuerContext): Promise<Readiness> {
    if (context.acme !== undefined) return setUp(context, context.acme);
    const message = 'This process works without Orders, so that it cannot use ACME issuers';
    return Promise.resolve({
      ready: false,
      reason: issuerReasons.errRegisterAcmeAccount,
      message,
      retry: false,
    });
  }

  async sign(context: IssuerContext, request: SigningRequest): Promise<SignOutcome> {
    const { acme, issuer } = context;
    if (acme === undefined)
      return pending(requestEvents.orderCreatingError, 'This process works without Orders', false);
    let csr: ParsedCsr;
    try {
      csr = this.#csrs.read(request.spec.request);
    } catch (error) {
      if (!(error instanceof PkiError)) throw error;
      return failed(
        requestEvents.requestParsingError,
        `Failed to decode CSR in spec.request: ${error.message}`,
      );
    }
    const replaces = request.kubernetes === true ? undefined : await acme.replacesFor?.(request);
    const ask = orderSpecFor(issuer, request, csr, replaces);
    if (!ask.ok) return failed(ask.reason, ask.message);
    const namespace =
      request.kubernetes === true ? context.resourceNamespace : (request.metadata?.namespace ?? '');
    const wanted = orderFor(request, ask.spec, namespace);
    const order = underWay(acme, wanted, request);
    return order === undefined ? create(context, acme, wanted) : this.#outcome(acme, order, request, csr);
  }

  async #outcome(
    acme: AcmeSurroundings,
    order: OrderFacts,
    request: SigningRequest,
    csr: ParsedCsr,
  ): Promise<SignOutcome> {
    const { namespace = '', name = '' } = order.metadata ?? {};
    const title = `${namespace}/${name}`;
    const { state, reason = '' } = order.status ?? {};
    if (controllingOwner(order.metadata)?.uid !== request.metadata?.uid) {
      const kind = request.kubernetes === true ? 'CertificateSigningRequest' : 'CertificateRequest';
      const message = `found Order resource not owned by this ${kind}, retrying: order ${title}; remove it if nobody needs it`;
      return pending(requestEvents.orderGetError, message, true);
    }
    if (state === 'invalid' || state === 'expired' || state === 'errored') {
      return failed(
        requestEvents.orderFailed,
        `Failed to wait for order resource ${JSON.stringify(name)} to become ready: order is in ${JSON.stringify(state)} state: ${reason}`,
      );
    }
    // A pending Order has a reason while something keeps it from going on: a time, a solver, its issuer.
    const isHeld = order.status?.nextAttemptAt !== undefined || state === undefined || state === 'pending';
    const waits = isHeld && reason !== '' ? `: ${reason}` : '';
    // The request says that it was made; how it gets on is for the Order to tell, unless it waits for something.
    const underWay = state !== 'valid' && waits === '' && request.kubernetes !== true;
    if (underWay || (state === undefined && reason === ''))
      return pending(requestEvents.orderPending, createdMessage(title), false);
    if (state !== 'valid') {
      const stands = state === undefined ? ', which the CA has not taken yet' : `: ${JSON.stringify(state)}`;
      return pending(
        requestEvents.orderPending,
        `Waiting on certificate issuance from order ${title}${stands}${waits}`,
        false,
      );
    }
    const whole = order.issued ? await acme.orders.read(namespace, name) : undefined;
    const certificate = Buffer.from(whole?.status?.certificate ?? '', 'base64').toString('utf8');
    if (whole === undefined || certificate === '') {
      const message = `Waiting for order-controller to add certificate data to Order ${title}`;
      return pending(requestEvents.orderPending, message, order.issued);
    }
    const problem = problemOf(certificate, csr);
    if (problem === undefined) {
      this.#spoilt.delete(request.metadata?.uid ?? '');
      return { kind: 'issued', certificate };
    }
    return this.#again(acme, whole, request, `${problem} of order ${title}`);
  }

  /** The Order is thrown away, so that another one is made; but not for ever, as every one of them counts at the CA. */
  async #again(
    acme: AcmeSurroundings,
    order: Order,
    request: SigningRequest,
    problem: string,
  ): Promise<SignOutcome> {
    const uid = request.metadata?.uid ?? '';
    if (this.#spoilt.has(uid))
      return failed(requestEvents.orderFailed, `The CA delivered a useless certificate twice: ${problem}`);
    await acme.orders.delete(order);
    this.#spoilt.add(uid);
    const [oldest] = this.#spoilt;
    if (this.#spoilt.size > rememberedSpoilt && oldest !== undefined) this.#spoilt.delete(oldest);
    return pending(requestEvents.orderPending, `${problem}: it was removed, and a new one is made`, false);
  }
}

/**
 * The Order of this request. One that differs in nothing but what it replaces is taken, too: the Secret may have got
 * another certificate since it was made, and that is no reason to order twice.
 */
function underWay(
  { orders }: AcmeSurroundings,
  wanted: Order,
  request: SigningRequest,
): OrderFacts | undefined {
  const { namespace = '', name = '' } = wanted.metadata ?? {};
  const exact = orders.get(namespace, name);
  if (exact !== undefined) return exact;
  const uid = request.metadata?.uid ?? '';
  return orders
    .ownedBy(namespace, uid)
    .find(
      (order) =>
        orderFor(request, { ...wanted.spec, replaces: order.spec.replaces }, namespace).metadata?.name ===
        order.metadata?.name,
    );
}

async function create(context: IssuerContext, acme: AcmeSurroundings, wanted: Order): Promise<SignOutcome> {
  const title = `${wanted.metadata?.namespace ?? ''}/${wanted.metadata?.name ?? ''}`;
  // Whatever becomes of this process meanwhile, there are Orders of approved requests only.
  await context.approve?.(createdMessage(title));
  try {
    await acme.orders.create(wanted);
  } catch (error) {
    const message = `Failed create new order resource ${title}: ${messageOf(error)}`;
    return pending(requestEvents.orderCreatingError, message, true);
  }
  return pending(requestEvents.orderCreated, createdMessage(title), false);
}

function createdMessage(title: string): string {
  return `Created Order resource ${title}`;
}

/** Undefined: a chain whose first certificate is for the key of the request. */
function problemOf(certificate: string, csr: ParsedCsr): string | undefined {
  try {
    const [leaf] = parseCertificates(certificate);
    if (leaf === undefined || !isSameKey(leaf, csr))
      return 'The certificate is for another key than that of the request: that';
    return undefined;
  } catch (error) {
    if (!(error instanceof PkiError)) throw error;
    return `The certificate cannot be read (${error.message}): that`;
  }
}

/** A CA may write a key in other bytes than the request did; it hardly ever does, and loading keys takes longer. */
function isSameKey(leaf: ParsedCertificate, csr: ParsedCsr): boolean {
  return leaf.spki.equals(csr.spki) || publicKeysEqual(leaf.publicKey, csr.publicKey);
}

function pending(reason: string, message: string, retry: boolean): SignOutcome {
  return { kind: 'pending', reason, message, retry };
}

function failed(reason: string, message: string): SignOutcome {
  return { kind: 'failed', reason, message };
}
