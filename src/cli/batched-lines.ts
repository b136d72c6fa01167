/** Log lines of a service go out several at a time: each write to a pipe is a system call that the whole process waits for. */

export interface BatchedLines {
  /** In the order of the calls. Lines of JSON may wait; anything else goes out now, behind what waited. */
  write(text: string): void;
  /** What waits goes out now: at the end of the process. */
  flush(): void;
}

/** As long as nobody looks at a log who would notice. */
const longestWaitMs = 100;
/** A pipe takes 64 KiB at once on Linux; half of it is no long wait for whoever reads. */
const mostCharacters = 32_768;

/**
 * @param write takes text at once, such as `process.stderr.write` on a pipe or a file
 * @param later runs a task after milliseconds, and does not keep the process alive for it
 */
export function batchedLines(
  write: (text: string) => void,
  later: (task: () => void, ms: number) => void,
): BatchedLines {
  let waiting = '';
  let isScheduled = false;
  const flush = (): void => {
    const text = waiting;
    waiting = '';
    if (text !== '') write(text);
  };
  return {
    flush,
    write(text) {
      // What people read (and what ends a program) is not held back.
      if (!text.startsWith('{')) {
        flush();
        write(text);
        return;
      }
      waiting += text;
      if (waiting.length >= mostCharacters) flush();
      if (isScheduled || waiting === '') return;
      isScheduled = true;
      later(() => {
        isScheduled = false;
        flush();
      }, longestWaitMs);
    },
  };
}
