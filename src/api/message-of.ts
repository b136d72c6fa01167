/** The words of whatever was thrown, for a condition, an event or a line of the log. */

/** The message of an error; of anything else its text. Neither bounded nor cleaned: it may hold what others wrote. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
