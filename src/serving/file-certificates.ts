/** A certificate from files that somebody else renews (spec §13). */
import { messageOf } from '../api/message-of.ts';
import { createSecureContext } from 'node:tls';
import { pause, type Clock } from '../kube/clock.ts';
import { Announcer } from './announcer.ts';
import type { CertificateSource, ServingCertificate, ServingLog } from './certificate-source.ts';
import { BadCertificateError, UnreadableFilesError } from './errors.ts';

export interface FileOptions {
  certFile: string;
  keyFile: string;
  /** Rejects with a node error; refuses files that are far too long. */
  readFile: (path: string) => Promise<string>;
  clock: Clock;
  log: ServingLog;
}

const pollMs = 10_000;
const mostFailures = 12;

/** The pair is read again every ten seconds; twelve failures in a row end `run`. */
export function fileCertificates({
  certFile,
  keyFile,
  readFile,
  clock,
  log,
}: FileOptions): CertificateSource {
  const announcer = new Announcer(log);

  const look = async (): Promise<void> => {
    const [cert, key] = await Promise.all([readFile(certFile), readFile(keyFile)]);
    const { current } = announcer;
    if (current?.cert === cert && current.key === key) return;
    checkPair({ cert, key }, certFile, keyFile);
    announcer.announce({ cert, key });
  };

  return {
    get current() {
      return announcer.current;
    },
    get problem() {
      return announcer.problem;
    },
    onChange: (listener) => announcer.onChange(listener),
    async run(signal) {
      let failures = 0;
      while (!signal.aborted) {
        try {
          await look();
          announcer.well();
          failures = 0;
        } catch (error) {
          if (!(error instanceof Error)) throw error;
          failures++;
          announcer.ill(`the serving certificate cannot be read: ${error.message}`);
          if (failures >= mostFailures) {
            const reason = `${certFile} and ${keyFile} could not be used ${mostFailures} times in a row: ${error.message}`;
            throw new UnreadableFilesError(reason, error);
          }
        }
        await pause(clock, pollMs, signal).catch(() => undefined);
      }
    },
  };
}

/** Two files are never replaced at the same instant: a certificate that is not of its key is not used. */
function checkPair(pair: ServingCertificate, certFile: string, keyFile: string): void {
  try {
    createSecureContext(pair);
  } catch (error) {
    const reason = messageOf(error);
    throw new BadCertificateError(`${certFile} and ${keyFile} are no pair: ${reason}`, error);
  }
}
