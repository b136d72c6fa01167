/** Collects what is wrong with settings, so that all of it is told at once (spec/operations.md §2). */
import { CliError, exitCodes, UsageError } from '../errors.ts';

export class Problems {
  readonly #found: UsageError[] = [];

  /** What `read` answers; undefined when it refused. */
  readonly check = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      this.#found.push(error);
      return undefined;
    }
  };

  /** @throws the one refusal, or one error with all of them */
  throwIfAny(): void {
    const [first, ...others] = this.#found;
    if (first === undefined) return;
    if (others.length === 0) throw first;
    throw new CliError(
      'cli/usage',
      exitCodes.usage,
      `${this.#found.length} settings cannot be used\n  ${this.#found.map(({ message }) => message).join('\n  ')}`,
    );
  }
}
