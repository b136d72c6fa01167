/** The ways of HTTP-01 that the ACME bench compares: who answers, and what stands in the cluster for it. */
import type { Api } from '../harness/api.ts';
import { namespace } from '../harness/fleet.ts';

export interface Way {
  name: 'listener' | 'resident' | 'pod';
  /** The HTTP-01 section of the issuer's solver. */
  http01: object;
  /** Nobody runs Pods here: the CA has to believe (Pebble's own switch). In the others it really asks our responder. */
  alwaysValid: boolean;
  /**
   * Requests for a certificate of one name, events and renewal information included: one or two more than a quiet machine
   * needs (25, 32, 32), for challenges that take so long here that their status says so.
   */
  mostRequests: number;
}

export const ways: readonly Way[] = [
  { name: 'listener', http01: { listener: {} }, alwaysValid: false, mostRequests: 28 },
  {
    name: 'resident',
    http01: { ingress: { ingressClassName: 'bench', responder: 'Resident' } },
    alwaysValid: false,
    mostRequests: 35,
  },
  {
    name: 'pod',
    http01: { ingress: { ingressClassName: 'bench', responder: 'Pod' } },
    alwaysValid: true,
    mostRequests: 35,
  },
];

/** An issuer of that way whose account is registered. No Ingress controller runs, so nothing is checked before the CA looks. */
export async function createAcmeIssuer(
  api: Api,
  way: Way,
  { directoryUrl, caBundle }: { directoryUrl: string; caBundle: string },
): Promise<void> {
  const issuers = `/apis/cert-manager.io/v1/namespaces/${namespace}/issuers`;
  await api.must('POST', issuers, {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Issuer',
    metadata: { name: way.name, namespace },
    spec: {
      acme: {
        server: directoryUrl,
        caBundle: Buffer.from(caBundle).toString('base64'),
        privateKeySecretRef: { name: `account-${way.name}` },
        solvers: [{ http01: way.http01, waitInsteadOfSelfCheck: '0s' }],
      },
    },
  });
}

/** Certificates of one way have names of their own: no authorization of another way is reused. */
export async function createAcmeFleet(
  api: Api,
  way: Way,
  names: readonly string[],
  each: number,
): Promise<void> {
  const path = `/apis/cert-manager.io/v1/namespaces/${namespace}/certificates`;
  const left = names.values();
  const worker = async (): Promise<void> => {
    for (const name of left) {
      const base = `${name}.${way.name}.example.test`;
      const dnsNames = Array.from({ length: each }, (_, index) => (index === 0 ? base : `n${index}.${base}`));
      await api.must('POST', path, {
        apiVersion: 'cert-manager.io/v1',
        kind: 'Certificate',
        metadata: { name: `${way.name}-${name}`, namespace },
        spec: {
          secretName: `${way.name}-${name}`,
          dnsNames,
          privateKey: { algorithm: 'ECDSA', size: 256 },
          issuerRef: { name: way.name },
        },
      });
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}
