/** Why a JSONPath was refused. */
import { StandaloneError } from '../errors.ts';

export class JsonPathError extends StandaloneError {
  constructor(path: string, problem: string) {
    super('ERR_JSONPATH_INVALID', `${JSON.stringify(path.slice(0, 200))} is no JSONPath: ${problem}`);
  }
}
