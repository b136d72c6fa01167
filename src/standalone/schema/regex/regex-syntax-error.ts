/** Why a pattern is refused. */
import { StandaloneError } from '../../errors.ts';

export class RegexSyntaxError extends StandaloneError {
  constructor(problem: string) {
    super('ERR_PATTERN_INVALID', `the pattern is not a valid RE2 expression: ${problem}`);
  }
}
