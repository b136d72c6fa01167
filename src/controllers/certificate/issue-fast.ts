/** Carries out the fast path's one decision: key, request, signature, request status, Secret (design §3: three of the four writes). */
import type { KeyObject } from 'node:crypto';
import type { Certificate } from '../../api/certificate.ts';
import type { CertificateRequest } from '../../api/certificate-request.ts';
import { certificateRequests } from '../../api/resources.ts';
import { issuerContext } from '../../issuers/context.ts';
import { referenceTo } from '../../kube/events.ts';
import { decodePrivateKey, encodePrivateKey, type KeyGenerator } from '../../pki/keys.ts';
import type { CsrReader } from '../../pki/x509/csr-reader.ts';
import { issuerContextSource } from '../certificaterequest/controller.ts';
import { approverComponent, requestStatus, signerComponent } from '../certificaterequest/status.ts';
import type { ControllerContext } from '../context.ts';
import type { Actions } from './actions.ts';
import { components, secretKeys } from './constants.ts';
import type { Action, Decision } from './decision.ts';
import { ChangedMeanwhileError } from './errors.ts';
import type { Facts } from './facts.ts';
import { inProcessIssuer } from './gather.ts';
import type { KeyFacts } from './key-facts.ts';
import { privateKeyFacts } from './private-key-facts.ts';
import { csrFor, newRequest } from './new-request.ts';

export interface FastDeps {
  context: ControllerContext;
  actions: Actions;
  keys: KeyGenerator;
  csrs: CsrReader;
  keyFacts: KeyFacts;
}

/**
 * `issued`: the Secret is written. `refused`: the request says why not. `later`: the issuer needs time after all; the
 * request is withdrawn, since its key was never stored, and the durable path begins.
 */
export type FastOutcome = 'issued' | 'refused' | 'later';

type Issue = Extract<Action, { kind: 'issue' }>;

export async function issueFast(
  deps: FastDeps,
  facts: Facts,
  decision: Decision,
  action: Issue,
): Promise<FastOutcome> {
  const { context, actions, keys } = deps;
  const { certificate } = facts;
  const namespace = certificate.metadata?.namespace ?? '';
  const signer = inProcessIssuer(context, certificate);
  if (signer === undefined) throw new ChangedMeanwhileError('the issuer is not Ready any more');
  // Everything that can be refused before something is written is tried before something is written.
  const passwords = await actions.readPasswords(certificate);
  const key = await keyFor(actions, keys, certificate, action);
  const csrPem = await csrFor(certificate.spec, key);
  const wanted = newRequest({
    certificate,
    revision: action.revision,
    csrPem,
    keySecret: certificate.spec.secretName,
    copiedAnnotationPrefixes: context.options.copiedAnnotationPrefixes,
  });
  const csr = deps.csrs.signed(wanted.spec.request, key);
  const name = wanted.metadata?.name ?? '';
  context.claims.claim(namespace, name);
  let uid: string | undefined;
  try {
    await actions.deleteRequests(namespace, action.stale);
    const request = await actions.createRequest(certificate, wanted);
    uid = request.metadata?.uid;
    const requested = `CertificateRequest "${name}" created`;
    actions.tell(certificate, [
      ...decision.events,
      { component: components.requestManager, type: 'Normal', reason: 'Requested', message: requested },
    ]);
    const outcome = await signer.type.sign(
      issuerContext(issuerContextSource(context), signer.issuer),
      request,
      key,
    );
    if (outcome.kind === 'pending') {
      await actions.deleteRequests(namespace, [{ name, uid: request.metadata?.uid ?? '' }]);
      return 'later';
    }
    await storeAnswer(
      context,
      request,
      requestStatus(request, outcome, {
        now: new Date(context.clock.now()),
        component: signer.type.component,
        approve: true,
      }),
      signer.type.component,
    );
    if (outcome.kind === 'failed') return 'refused';
    const keyPem = Buffer.from(encodePrivateKey(key, certificate.spec.privateKey?.encoding ?? 'PKCS1'));
    // The Secret comes back by its watch: what its key is need not be found out then.
    deps.keyFacts.remember(keyPem, privateKeyFacts(key, csr.spki));
    const chainPem = Buffer.from(outcome.certificate);
    await actions.applySecret({
      certificate,
      keyPem,
      chainPem,
      leaf: deps.keyFacts.leaf(chainPem),
      caPem: Buffer.from(outcome.ca ?? ''),
      issuerRef: certificate.spec.issuerRef,
      existingType: facts.secret?.type,
      passwords,
    });
    for (const warning of outcome.warnings ?? []) {
      context.log.warn(
        { certificate: `${namespace}/${certificate.metadata?.name}`, reason: warning.reason },
        `issued, but ${warning.message}`,
      );
    }
    return 'issued';
  } finally {
    context.claims.release(namespace, name, uid);
  }
}

async function keyFor(
  actions: Actions,
  keys: KeyGenerator,
  certificate: Certificate,
  action: Issue,
): Promise<KeyObject> {
  const { spec, metadata } = certificate;
  if (action.key === 'generate') return keys.generate(spec.privateKey ?? {});
  return decodePrivateKey(
    await actions.readEntry(metadata?.namespace ?? '', spec.secretName, secretKeys.privateKey),
  );
}

/** Approved and Ready in one write. The approval's own event is left out: the write that follows at once says it all. */
async function storeAnswer(
  context: ControllerContext,
  request: CertificateRequest,
  change: ReturnType<typeof requestStatus>,
  component: string,
): Promise<void> {
  const { namespace, name = '', resourceVersion, uid } = request.metadata ?? {};
  const written = await context.client.patch<CertificateRequest>(
    certificateRequests,
    { namespace, name },
    'merge',
    { metadata: { resourceVersion, uid }, status: change.status },
    { fieldManager: signerComponent(component), subresource: 'status' },
  );
  context.informers.certificateRequests.observe(written);
  const reference = referenceTo(certificateRequests, request);
  for (const event of change.events) {
    if (event.component === approverComponent) continue;
    context.events.event(reference, event.component, event.type, event.reason, event.message);
  }
}
