/** How control of a name is proven to an ACME CA: the solvers of an issuer. */
import { duration, object, optional, textMap, texts, type Static } from './schema.ts';
import { dns01SolverSchema } from './solver-dns01.ts';
import { dnsPersist01SolverSchema } from './solver-dns-persist01.ts';
import { http01SolverSchema } from './solver-http01.ts';
import { tlsAlpn01SolverSchema } from './solver-tls-alpn01.ts';

export const solverSelectorSchema = object('Which names the solver is for. Absent or empty: every name.', {
  matchLabels: optional(textMap('Labels that the Certificate must carry.')),
  dnsNames: optional(texts('Names to solve, matched exactly. More specific than dnsZones.')),
  dnsZones: optional(texts('Zones to solve names in; the longest one that fits wins.')),
});

export const solverSchema = object(
  'A way to prove control of names. Exactly one of http01, dns01, tlsALPN01 and dnsPersist01.',
  {
    selector: optional(solverSelectorSchema),
    http01: optional(http01SolverSchema),
    dns01: optional(dns01SolverSchema),
    tlsALPN01: optional(tlsAlpn01SolverSchema),
    dnsPersist01: optional(dnsPersist01SolverSchema),
    waitInsteadOfSelfCheck: optional(
      duration(
        'Wait this long after presenting instead of checking that the answer can be seen. Go duration, not negative.',
      ),
    ),
  },
);

export interface SolverSelector extends Static<typeof solverSelectorSchema> {}
export interface Solver extends Static<typeof solverSchema> {}
