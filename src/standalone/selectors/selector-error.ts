/** Why a selector was refused: 400 Bad Request. */
import { StandaloneError } from '../errors.ts';

export class SelectorError extends StandaloneError {
  constructor(problem: string) {
    super('ERR_SELECTOR_INVALID', `unable to parse the selector: ${problem}`);
  }
}
