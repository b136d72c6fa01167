/** A CEL function that was given what it cannot take. */
import { StandaloneError } from '../../errors.ts';

export class RuleError extends StandaloneError {
  constructor(problem: string) {
    super('ERR_CEL_RULE', problem);
  }
}
