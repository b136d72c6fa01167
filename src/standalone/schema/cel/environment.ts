/** The CEL environment of CRD rules: the language and the Kubernetes libraries. */
import { Environment } from '@marcbachmann/cel-js';
import { registerLists } from './lists.ts';
import { registerNetwork } from './network.ts';
import { registerQuantity } from './quantity.ts';
import { registerSets } from './sets.ts';
import { registerStrings } from './strings.ts';

/**
 * A fresh environment; parsing is what costs, so one serves all rules of a schema. With `variables` (name to type) it
 * knows those only, so that checking a rule finds every other name.
 */
export function createEnvironment(variables?: Readonly<Record<string, string>>): Environment {
  const environment = new Environment({
    unlistedVariablesAreDyn: variables === undefined,
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
  for (const [name, type] of Object.entries(variables ?? {})) environment.registerVariable(name, type);
  return environment;
}
