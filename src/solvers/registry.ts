/** Which solver a Challenge is for: by its type, and by the section of its solver. */
import type { Challenge } from '../api/challenge.ts';
import type { ChallengeType } from '../api/enumerations.ts';
import type { Solver as SolverSpec } from '../api/solver.ts';
import { SolverConfigurationError, SolverNotServedError } from './errors.ts';
import type { Solver, Solvers } from './solver.ts';

/** The section of `spec.solver` that belongs to each challenge type, and its name at the CA (RFC 8555 §9.7.8). */
export const solverSections = {
  'HTTP-01': { section: 'http01', acme: 'http-01' },
  'DNS-01': { section: 'dns01', acme: 'dns-01' },
  'TLS-ALPN-01': { section: 'tlsALPN01', acme: 'tls-alpn-01' },
  'DNS-PERSIST-01': { section: 'dnsPersist01', acme: 'dns-persist-01' },
} as const satisfies Readonly<Record<ChallengeType, { section: keyof SolverSpec; acme: string }>>;

/** A missing one is not served by this process. */
export type SolverTable = Readonly<Partial<Record<ChallengeType, Solver>>>;

/** The look-up over the solvers that this process has. */
export function createSolvers(table: SolverTable): Solvers {
  return {
    for({ spec }: Challenge): Solver {
      const { section } = solverSections[spec.type];
      if (spec.solver[section] === undefined)
        throw new SolverConfigurationError(
          `the Challenge is of type ${spec.type}, and its solver has no section ${section}`,
        );
      const solver = table[spec.type];
      if (solver === undefined)
        throw new SolverNotServedError(`this process does not solve challenges of type ${spec.type}`);
      return solver;
    },
  };
}
