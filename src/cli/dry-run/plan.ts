/** What would be done, one line for each object: made from decisions and from writes that were refused. Pure. */
import type { Certificate } from '../../api/certificate.ts';
import type { Condition } from '../../api/meta.ts';
import type { Order } from '../../api/order.ts';
import type { Decision } from '../../controllers/certificate/decision.ts';
import { sameStatus } from '../../controllers/certificate/status.ts';
import type { GuardedWrite } from '../../kube/guarded-client.ts';

export interface PlannedAction {
  /** `issue`, `renew`, `re-issue`, `repair Secret`, `approve`, `sign`, `create`, ... */
  action: string;
  kind: string;
  namespace?: string;
  name: string;
  /** One word. */
  reason: string;
  message: string;
}

/** Undefined: it would be left as it is. */
export function planCertificate(certificate: Certificate, decision: Decision): PlannedAction | undefined {
  const action = actionOf(certificate, decision);
  if (action === undefined) return undefined;
  return {
    action,
    kind: 'Certificate',
    namespace: certificate.metadata?.namespace,
    name: certificate.metadata?.name ?? '',
    reason: decision.reason,
    message: decision.message,
  };
}

function actionOf(certificate: Certificate, { action, reason, status }: Decision): string | undefined {
  switch (action.kind) {
    case 'issue':
    case 'store-key':
    case 'create-request':
      if (reason === 'Renewing' || reason === 'Expired') return 'renew';
      return (certificate.status?.revision ?? 0) > 0 ? 're-issue' : 'issue';
    case 'write-secret':
      return 'write Secret';
    case 'write-temporary':
      return 'write temporary Secret';
    case 'repair-secret':
      return 'repair Secret';
    case 'delete-keys':
      return 'delete left-over keys';
    case 'delete-requests':
      return 'delete old requests';
    default:
      return sameStatus(certificate.status, status) ? undefined : 'update status';
  }
}

/** What one refused write was for. */
export function planWrite(write: GuardedWrite): PlannedAction {
  const { verb, type, namespace, name, subresource, body } = write;
  if (verb === 'create' && type.kind === 'Order') return planOrder(write);
  const condition = subresource === 'status' ? tellingCondition(type.kind, body) : undefined;
  const plain =
    subresource === 'status' ? 'update status' : verb === 'apply' || verb === 'patch' ? 'change' : verb;
  return {
    action: condition?.action ?? plain,
    kind: type.kind,
    namespace,
    name,
    reason: condition?.condition.reason ?? '',
    message: condition?.condition.message ?? '',
  };
}

/** What would be ordered, from whom. */
function planOrder({ type, namespace, name, body }: GuardedWrite): PlannedAction {
  const { spec } = body as Order;
  const names = [...(spec.dnsNames ?? []), ...(spec.ipAddresses ?? [])];
  const shown = names.slice(0, 10).join(', ');
  const more = names.length > 10 ? ` and ${names.length - 10} more` : '';
  const issuer = `${spec.issuerRef.kind ?? 'Issuer'} ${spec.issuerRef.name}`;
  const message = `would be ordered through ${issuer}: ${shown}${more}; no CA was asked`;
  return { action: 'order', kind: type.kind, namespace, name, reason: 'OrderCreated', message };
}

/** The condition in a status that says what the write is about. */
function tellingCondition(
  kind: string,
  body: unknown,
): { action: string | undefined; condition: Condition } | undefined {
  const { status } = (body ?? {}) as { status?: { conditions?: readonly Condition[]; certificate?: string } };
  const conditions = status?.conditions ?? [];
  if (kind === 'CertificateSigningRequest') {
    const failed = conditions.find(({ type }) => type === 'Failed');
    const nothing: Condition = { type: '', status: 'True', reason: '', message: '' };
    if (failed !== undefined) return { action: 'fail', condition: failed };
    return status?.certificate === undefined ? undefined : { action: 'sign', condition: nothing };
  }
  const ready = conditions.find(({ type }) => type === 'Ready');
  if (kind !== 'CertificateRequest')
    return ready === undefined ? undefined : { action: undefined, condition: ready };
  const approved = conditions.find(({ type, status: is }) => type === 'Approved' && is === 'True');
  if (ready?.reason === 'Issued') return { action: 'sign', condition: ready };
  if (ready?.reason === 'Failed') return { action: 'fail', condition: ready };
  if (ready === undefined && approved !== undefined) return { action: 'approve', condition: approved };
  return ready === undefined ? undefined : { action: undefined, condition: ready };
}

export interface DryRunReport {
  actions: readonly PlannedAction[];
  /** Objects by kind that were looked at. */
  looked: Readonly<Record<string, number>>;
}
