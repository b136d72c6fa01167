/** The DNS-PERSIST-01 solver: a TXT record that somebody sets once (draft-ietf-acme-dns-persist). Not in cert-manager. */
import { int64, object, oneOf, optional, text, texts, type Static } from './schema.ts';

export const dnsPersist01SolverSchema = object(
  'Prove control with a TXT record at _validation-persist that a person sets once and that stays. Needs no DNS credentials.',
  {
    issuerDomainName: optional(
      text('Which of the names that the CA offers the record carries. Default: the first that it offers.', {
        maxLength: 253,
      }),
    ),
    policy: optional(
      oneOf(
        ['wildcard'],
        'wildcard: the record also stands for *.name and the names below it. Default: just the name, unless a wildcard is asked for.',
      ),
    ),
    persistUntil: optional(
      int64('When the record shall end to count, in seconds since 1970. Default: never.', { minimum: 0 }),
    ),
    nameservers: optional(
      texts(
        'Servers to look the record up with, as ip:port or https:// address (RFC 8484). Default: those of the controller.',
      ),
    ),
  },
);

export interface DnsPersist01Solver extends Static<typeof dnsPersist01SolverSchema> {}
