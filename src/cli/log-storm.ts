/** Keeps the log of a storm readable: so many lines a second, then a count of those that were left out. */

/** A small fleet is told line by line; a thousand Certificates are told by the progress lines. */
const linesPerSecond = 40;

/** Decides line by line; needs no timer, because progress lines and the last line of a process bring the count. */
export class StormFilter {
  #from = -Infinity;
  #lines = 0;
  #left = 0;

  /**
   * @param time milliseconds since the epoch
   * @param always never left out: warnings, progress
   * @returns whether to print the line, and how many lines were left out before it that nobody was told of yet
   */
  next(time: number, always: boolean): { print: boolean; leftOut: number } {
    // A clock that was set back begins a new second, too.
    if (time >= this.#from + 1_000 || time < this.#from) {
      this.#from = time;
      this.#lines = 0;
    }
    if (!always && ++this.#lines > linesPerSecond) {
      this.#left++;
      return { print: false, leftOut: 0 };
    }
    const leftOut = this.#left;
    this.#left = 0;
    return { print: true, leftOut };
  }
}
