/** Preloaded by the fuzz lane: lets each property run until its time is used up instead of a hundred times. */

import { configureGlobal } from 'fast-check';

// Properties of one file share the file's time; four is what a file has on average.
const milliseconds = Math.max(250, Number(process.env['CERTWRIGHT_FUZZ_MS'] ?? '5000') / 4);

configureGlobal({
  numRuns: 1_000_000,
  interruptAfterTimeLimit: milliseconds,
  // Running out of time is how a fuzz run ends; only a counterexample fails it.
  markInterruptAsFailure: false,
});
