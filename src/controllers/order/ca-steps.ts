/** The calls to the CA that bring an Order forward, one function for each decision; each answers what to write (RFC 8555 §7.1.3, §7.4). */
import type { AcmeAuthorization, AcmeClient, AcmeOrder, NewOrder } from '../../acme/acme-client.ts';
import type { OrderBudget } from '../../acme/budget/order-budget.ts';
import { AcmeError, AcmeProblemError } from '../../acme/errors.ts';
import { preferredChain } from '../../acme/preferred-chain.ts';
import { parseDuration } from '../../api/duration.ts';
import type { AcmeState } from '../../api/enumerations.ts';
import type { Authorization, Order } from '../../api/order.ts';
import type { AnyIssuer } from '../../issuers/issuer.ts';
import { PkiError } from '../../pki/errors.ts';
import { parseCsr } from '../../pki/x509/parse-csr.ts';
import { requireFitting } from './authorization-bounds.ts';
import { wishOf } from './budget-wish.ts';
import { identifiersOf, sameIdentifier } from './identifiers.ts';
import type { LostOrders } from './lost-orders.ts';
import { isLasting, pollDelay, type OrderMemory } from './order-memory.ts';
import { ended, news, waiting, type StatusPatch } from './status-patch.ts';

export interface StepInput {
  order: Order;
  issuer: AnyIssuer;
  client: AcmeClient;
  budget: OrderBudget | undefined;
  lost: LostOrders;
  memory: OrderMemory;
  /** Milliseconds since the epoch. */
  now: number;
  /** For what only asks. What changes something at the CA is waited for, or its answer would be lost. */
  signal: AbortSignal;
}

export interface StepResult {
  status: StatusPatch;
  /** Look again after this long, in milliseconds; absent: the write brings us back, or an event. */
  afterMs?: number;
  /** What the CA itself named, bounded. */
  namedMs?: number;
}

const rateLimited = 'urn:ietf:params:acme:error:rateLimited';

/** Places the order. Rejects with the errors of the client. */
export async function create(input: StepInput): Promise<StepResult> {
  const { order, issuer, client, budget, lost, memory, now } = input;
  const { spec } = order;
  const lifetime = spec.duration === undefined ? undefined : parseDuration(spec.duration);
  const ask = {
    identifiers: identifiersOf(spec),
    ...(lifetime === undefined || lifetime <= 0 ? {} : { notAfter: now + lifetime }),
    ...(spec.profile === undefined || spec.profile === '' ? {} : { profile: spec.profile }),
  };
  const found = await findLost(input, ask);
  if (found !== undefined) {
    budget?.placed({ ...wishOf(order, issuer), replaces: found.replaces !== undefined }, now);
    return { status: news({ url: found.url, ...standing(order, found) }) };
  }
  const replaces = await replacesOf(input);
  const wish = { ...wishOf(order, issuer), replaces: replaces !== undefined };
  const admission = budget?.admit(wish, now);
  if (admission?.admit === false) return { status: waiting(admission.message, rateLimited, admission.until) };
  let placed: AcmeOrder;
  try {
    placed = await client.newOrder(replaces === undefined ? ask : { ...ask, replaces });
  } catch (error) {
    if (replaces !== undefined && error instanceof AcmeProblemError && error.isReplacesRefused) {
      // RFC 9773 §5: it was replaced already, or is of another CA or account, as after a change of server or key: ask
      // without, as for a certificate like any other, which CAs count.
      memory.replacesRefused = true;
      budget?.released(wish, false, now);
      return create(input);
    }
    // A refusal is a refusal; after anything else nobody can say what the CA has done.
    if (!(error instanceof AcmeProblemError) || error.isServerFault) memory.perhapsPlaced = lost.note();
    if (budget === undefined) throw error;
    if (error instanceof AcmeProblemError && error.isRateLimited) {
      const { problem, status, retryAt } = error;
      const refused = { problem, status, ...(retryAt === undefined ? {} : { retryAt }) };
      const { until } = budget.refused(wish, refused, now);
      const reason = `Failed to create Order: ${error.message}; asked again by itself`;
      return { status: waiting(reason, problem.type, until) };
    }
    budget.released(wish, false, now);
    throw error;
  }
  budget?.placed(wish, now);
  return { status: news({ url: placed.url, ...standing(order, placed) }) };
}

/** What the CA is told that the order replaces; undefined: nothing, it speaks of no renewal, or would not hear of it. */
async function replacesOf({ order, client, memory, signal }: StepInput): Promise<string | undefined> {
  const { replaces = '' } = order.spec;
  if (replaces === '' || memory.replacesRefused === true) return undefined;
  const { renewalInfo } = await client.directory({ signal });
  return renewalInfo === undefined ? undefined : replaces;
}

/** Failures in a row after which the CA's list of orders is gone without. */
const mostListings = 4;

/** What the CA may have for this Order already, where nobody could note down that it has. */
async function findLost(
  { client, lost, memory, order, now, signal }: StepInput,
  ask: NewOrder,
): Promise<AcmeOrder | undefined> {
  if (memory.perhapsPlaced === undefined) return undefined;
  const { replaces = '' } = order.spec;
  const wanted = replaces === '' ? ask : { ...ask, replaces };
  let found: AcmeOrder | undefined;
  try {
    found = await lost.find(client, wanted, memory.perhapsPlaced, now, { signal });
  } catch (error) {
    // A list that cannot be had is no reason to go without a certificate.
    if (!(error instanceof AcmeError) || (error.retryable && memory.failures < mostListings)) throw error;
  }
  memory.perhapsPlaced = undefined;
  return found;
}

/** What an Order keeps of an order of the CA; authorizations that are known already stay as they are. @throws AcmeExcessError */
function standing(order: Order, remote: AcmeOrder): StatusPatch {
  const known = new Map((order.status?.authorizations ?? []).map((each) => [each.url, each]));
  const authorizations: Authorization[] = remote.authorizations.map((url) => known.get(url) ?? { url });
  const kept = order.status?.authorizations ?? [];
  if (kept.length === 0) requireFitting(order.spec, authorizations);
  return {
    finalizeURL: order.status?.finalizeURL ?? remote.finalize,
    // Their number cannot change once it is stored.
    authorizations: kept.length > 0 ? kept : authorizations,
    state: remote.status,
  };
}

export async function fetchOrder(input: StepInput): Promise<StepResult> {
  const { order, client, signal } = input;
  const remote = await client.order(order.status?.url ?? '', { signal });
  if (remote.status === 'invalid') return invalid(input, remote);
  return { status: news(standing(order, remote)) };
}

/** How many are asked for at the same time. */
const atOnce = 4;

/** Fills in what the CA says of each authorization. What was fetched before one failed is kept: the rest comes next time. */
export async function fetchAuthorizations(input: StepInput, urls: readonly string[]): Promise<StepResult> {
  const { order, client, signal, now } = input;
  const found = new Map<string, AcmeAuthorization>();
  let failure: unknown;
  const rest = [...urls];
  const fetchSome = async (): Promise<void> => {
    for (let url = rest.shift(); url !== undefined && failure === undefined; url = rest.shift()) {
      try {
        found.set(url, await client.authorization(url, { signal }));
      } catch (error) {
        failure ??= error;
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, fetchSome));
  if (failure !== undefined && found.size === 0) throw failure;
  const ordered = identifiersOf(order.spec);
  const stranger = [...found.values()].find(
    ({ identifier }) => !ordered.some((one) => sameIdentifier(one, identifier)),
  );
  if (stranger !== undefined) {
    const name = JSON.stringify(stranger.identifier.value.slice(0, 253));
    const reason = `Failed to fetch authorization: the CA asks for proof of ${name}, which was not ordered`;
    return { status: ended('errored', reason, undefined, now) };
  }
  const authorizations = (order.status?.authorizations ?? []).map((each) => {
    const answer = found.get(each.url);
    return answer === undefined ? each : filled(each, answer);
  });
  requireFitting(order.spec, authorizations);
  return { status: news({ authorizations }) };
}

function filled(authorization: Authorization, answer: AcmeAuthorization): Authorization {
  return {
    ...authorization,
    identifier: answer.identifier.value,
    wildcard: answer.wildcard,
    initialState: stateOf(answer.status),
    challenges: answer.challenges.map(({ url, token, type }) => ({ url, token, type })),
  };
}

/** The API has no words for two of the states: nobody can prove anything by those either. */
function stateOf(status: AcmeAuthorization['status']): AcmeState {
  return status === 'deactivated' || status === 'revoked' ? 'invalid' : status;
}

/** Finalizes, unless another life of this process did: then the CA knows. */
export async function finalize(input: StepInput): Promise<StepResult> {
  const { order, client, memory, signal, now } = input;
  if (!memory.ready) {
    const remote = await client.order(order.status?.url ?? '', { signal });
    if (remote.status !== 'ready') return follow(input, remote);
  }
  memory.ready = false;
  memory.polls = 0;
  let der: Buffer;
  try {
    der = parseCsr(Buffer.from(order.spec.request, 'base64')).der;
  } catch (error) {
    if (!(error instanceof PkiError)) throw error;
    return {
      status: ended('errored', `Failed to finalize Order: spec.request: ${error.message}`, undefined, now),
    };
  }
  try {
    const remote = await client.finalize(order.status?.finalizeURL ?? '', der);
    memory.finalizing = true;
    return await follow(input, remote);
  } catch (error) {
    // It may have been finalized before, by a request whose answer got lost.
    if (!(error instanceof AcmeProblemError) || error.status !== 403) throw error;
    const remote = await client.order(order.status?.url ?? '', { signal });
    if (remote.status === 'ready') throw error;
    return follow(input, remote);
  }
}

/** Asks how the order stands. @param early it may still be pending for a moment */
export async function checkOrder(input: StepInput): Promise<StepResult> {
  const { order, client, memory, signal } = input;
  const remote = await client.order(order.status?.url ?? '', { signal });
  if (remote.status !== 'ready') return follow(input, remote);
  memory.ready = true;
  return finalize(input);
}

export async function fetchCertificate(input: StepInput): Promise<StepResult> {
  const { order, client, signal } = input;
  return follow(input, await client.order(order.status?.url ?? '', { signal }));
}

/** What becomes of the Order now that the CA's order stands like this. */
async function follow(input: StepInput, remote: AcmeOrder): Promise<StepResult> {
  const { order, memory, now } = input;
  switch (remote.status) {
    case 'valid':
      if (remote.certificate !== undefined) return download(input, remote.certificate);
      break;
    case 'invalid':
      return invalid(input, remote);
    case 'ready':
      memory.ready = true;
      memory.finalizing = false;
      if (order.status?.state !== 'ready') return { status: news({ state: 'ready' }) };
      break;
    case 'pending':
      memory.finalizing = false;
      break;
    default:
  }
  const afterMs = pollDelay(memory.polls, now, remote.retryAt);
  const lasting = isLasting(memory.polls, now, remote.retryAt);
  memory.polls++;
  memory.pollAtMs = now + afterMs;
  if (remote.status === 'processing' && memory.finalizing && !lasting) return { status: news({}), afterMs };
  const named = remote.retryAt === undefined ? {} : { namedMs: afterMs };
  return { status: news({ state: remote.status }), afterMs, ...named };
}

function invalid({ order, now }: StepInput, remote: AcmeOrder): StepResult {
  const detail = remote.error === undefined ? '' : `: ${remote.error.type}: ${remote.error.detail}`;
  const reason = `acme: order ${order.status?.url ?? ''} status: invalid${detail}`;
  return { status: ended('invalid', reason, remote.error?.type, now) };
}

/** So often in a row it is tried to get the chain that somebody prefers; then the one that is there does. */
const mostChainTries = 4;

/**
 * A chain that has been looked for is stored at once: the CA's answer is final (RFC 8555 §7.4.2). A certificate that was
 * issued is never lost over another chain of it.
 */
async function download({ client, issuer, memory, signal }: StepInput, url: string): Promise<StepResult> {
  const offered = await client.certificate(url, { signal });
  const chain = await preferredChain(issuer.spec.acme?.preferredChain, offered, async (alternate) => {
    try {
      return (await client.certificate(alternate, { signal })).chain;
    } catch (error) {
      if (!(error instanceof AcmeError) || signal.aborted) throw error;
      if (error.retryable && memory.failures < mostChainTries) throw error;
      return undefined;
    }
  });
  return { status: news({ state: 'valid', certificate: Buffer.from(chain, 'utf8').toString('base64') }) };
}
