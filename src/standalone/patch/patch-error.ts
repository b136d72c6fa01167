/** Why a patch was refused. */
import { StandaloneError } from '../errors.ts';

const statusOf = { ERR_PATCH_MALFORMED: 400, ERR_PATCH_FAILED: 422, ERR_PATCH_TOO_LARGE: 413 } as const;

/** `status` is the HTTP answer: 400 malformed, 413 too large, 422 cannot be applied to this object. */
export class PatchError extends StandaloneError {
  readonly status: number;

  constructor(code: keyof typeof statusOf, message: string) {
    super(code, message);
    this.status = statusOf[code];
  }
}
