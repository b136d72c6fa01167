/** Which issuer types this build can run: one registration line each. */
import { CsrReader } from '../pki/x509/csr-reader.ts';
import { AcmeIssuer } from './acme/acme-issuer.ts';
import { CaIssuer } from './ca/ca-issuer.ts';
import type { AnyIssuer, IssuerType } from './issuer.ts';
import { SelfSignedIssuer } from './selfsigned/self-signed-issuer.ts';

type TypeName = IssuerType['name'];

/** When several were stored in spite of validation, the first of these wins (spec/api.md §11). */
const resolutionOrder: readonly TypeName[] = ['acme', 'ca', 'vault', 'selfSigned', 'venafi'];

export type ResolvedType =
  | { kind: 'known'; type: IssuerType }
  /** A valid type of the API that this build has no signer for. */
  | { kind: 'unsupported'; name: TypeName }
  /** `spec` selects no type at all. */
  | { kind: 'missing' };

export interface IssuerTypes {
  resolve(issuer: AnyIssuer): ResolvedType;
  readonly all: readonly IssuerType[];
}

/**
 * A fresh set of issuer types; each holds its own caches, so make one per process.
 * @param csrs shared with admission and controllers of the same process, if there are any
 */
export function createIssuerTypes(csrs = new CsrReader()): IssuerTypes {
  return issuerTypes([new AcmeIssuer(csrs), new CaIssuer(csrs), new SelfSignedIssuer(csrs)]);
}

/** The look-up over any set of types, so that tests can bring a type of their own. */
export function issuerTypes(all: readonly IssuerType[]): IssuerTypes {
  const byName = new Map(all.map((type) => [type.name, type]));
  return {
    all,
    resolve(issuer) {
      const spec: Partial<Record<TypeName, unknown>> = issuer.spec ?? {};
      const name = resolutionOrder.find(
        (candidate) => spec[candidate] !== undefined && spec[candidate] !== null,
      );
      if (name === undefined) return { kind: 'missing' };
      const type = byName.get(name);
      return type === undefined ? { kind: 'unsupported', name } : { kind: 'known', type };
    },
  };
}
