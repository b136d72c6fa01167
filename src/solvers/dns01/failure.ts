/** Failures of DNS and of providers in the words and classes of the solvers' room. */
import { DnsError } from '../../dns/errors.ts';
import { DnsProviderError } from '../../dns/providers/errors.ts';
import { KubeError } from '../../kube/errors.ts';
import {
  SolverConfigurationError,
  SolverError,
  SolverReferenceError,
  SolverUnavailableError,
} from '../errors.ts';

/** `value` is what the Challenge presents; it never gets into a message. Errors of other kinds come back as they are. */
export function solverFailure(doing: string, value: string, error: unknown): unknown {
  if (error instanceof SolverError) return error;
  const words = (text: string): string =>
    `${doing}: ${value === '' ? text : text.replaceAll(value, '[value]')}`;
  if (error instanceof DnsProviderError) {
    const message = words(error.message);
    const wait = error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs };
    if (error.code === 'dns-provider/configuration') return new SolverConfigurationError(message, error);
    if (error.code === 'dns-provider/credentials') return new SolverReferenceError(message, error);
    if (error.retryable) return new SolverUnavailableError(message, { cause: error, ...wait });
    return new SolverError('solver/reference', message, { cause: error, ...wait });
  }
  if (error instanceof DnsError)
    return error.retryable
      ? new SolverUnavailableError(words(error.message), { cause: error })
      : new SolverConfigurationError(words(error.message), error);
  if (error instanceof KubeError) {
    if (!error.retryable) return new SolverReferenceError(words(error.message), error);
    const wait = error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs };
    return new SolverUnavailableError(words(error.message), { cause: error, ...wait });
  }
  return error;
}
