/** The CEL environment of CRD rules: the language and the Kubernetes libraries. */
import { Environment } from '@marcbachmann/cel-js';
import { registerLists } from './lists.ts';
import { registerNetwork } from './network.ts';
import { registerQuantity } from './quantity.ts';
import { registerSets } from './sets.ts';
import { registerStrings } from './strings.ts';

/** A fresh environment; parsing is what costs, so one serves all rules of a schema. */
export function createEnvironment(): Environment {
  const environment = new Environment({
    unlistedVariablesAreDyn: true,
    enableOptionalTypes: true,
    homogeneousAggregateLiterals: false,
    limits: {
      maxAstNodes: 5_000,
      maxDepth: 100,
      maxListElements: 1000,
      maxMapEntries: 1000,
      maxCallArguments: 32,
    },
  });
  registerLists(environment);
  registerSets(environment);
  registerStrings(environment);
  registerNetwork(environment);
  registerQuantity(environment);
  return environment;
}
