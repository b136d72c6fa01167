/** Each rule over extensions, with a certificate that keeps it and one that breaks it. */

import { boolean, objectIdentifier, octetString, sequence, smallInteger } from '../../asn1/der-writer.ts';
import { oids } from '../../asn1/oids.ts';
import { keyUsageBits } from '../../x509/key-usage.ts';
import { encodeNameConstraints } from '../../x509/name-constraints.ts';
import { caExtensions, keyUsage, leafExtensions, type MadeExtension } from '../testing/make-certificate.ts';
import { checkRules } from '../testing/rule-cases.ts';
import { extensionRules } from './extensions.ts';

const leaf = (oid: string, value: Uint8Array, critical = false) => ({
  extensions: leafExtensions({ [oid]: { oid, critical, value } }),
});
const ca = (oid: string, value: Uint8Array, critical = false) => ({
  extensions: caExtensions({ [oid]: { oid, critical, value } }),
});
const without = (
  oid: string,
  usual: (replaced: Record<string, MadeExtension | null>) => MadeExtension[],
) => ({ extensions: usual({ [oid]: null }) });
const flag = (oid: string, bad: boolean) => ({
  fails: leaf(oid, octetString(Buffer.of(1)), bad),
  passes: leaf(oid, octetString(Buffer.of(1)), !bad),
});
const constraints = encodeNameConstraints({ permitted: { dnsDomains: ['example.com'] } }) ?? Buffer.alloc(0);
const policy = sequence(objectIdentifier('2.23.140.1.2.1'));
const limited = sequence(boolean(true), smallInteger(0));

checkRules(extensionRules, {
  extension_malformed: {
    fails: [
      leaf(oids.basicConstraints, Buffer.from('31', 'hex')),
      leaf(oids.keyUsage, octetString(Buffer.of(1))),
      leaf(oids.subjectAltName, Buffer.from('3005', 'hex')),
      leaf(oids.subjectKeyIdentifier, Buffer.of(1)),
      leaf(oids.certificatePolicies, policy),
    ],
    passes: [{}, { extensions: caExtensions() }],
  },
  extension_unknown_critical: {
    fails: leaf('1.2.3.4', Buffer.of(5, 0), true),
    passes: leaf('1.2.3.4', Buffer.of(5, 0)),
  },
  aki_critical: { fails: leaf(oids.authorityKeyIdentifier, sequence(), true) },
  ski_critical: flag(oids.subjectKeyIdentifier, true),
  aia_critical: flag(oids.authorityInfoAccess, true),
  sia_critical: flag('1.3.6.1.5.5.7.1.11', true),
  freshest_crl_critical: flag('2.5.29.46', true),
  name_constraints_not_critical: {
    fails: ca(oids.nameConstraints, constraints),
    passes: ca(oids.nameConstraints, constraints, true),
  },
  policy_constraints_not_critical: flag('2.5.29.36', false),
  inhibit_any_policy_not_critical: flag('2.5.29.54', false),
  key_usage_not_critical: { fails: { extensions: leafExtensions({ [oids.keyUsage]: keyUsage(1, false) }) } },
  crl_distribution_points_critical: flag(oids.crlDistributionPoints, true),
  ca_basic_constraints_not_critical: {
    fails: ca(oids.basicConstraints, sequence(boolean(true))),
    passes: { extensions: caExtensions() },
  },
  path_length_without_ca: {
    fails: leaf(oids.basicConstraints, sequence(smallInteger(0)), true),
    passes: ca(oids.basicConstraints, limited, true),
  },
  path_length_without_cert_sign: {
    fails: {
      extensions: caExtensions({
        [oids.basicConstraints]: { oid: oids.basicConstraints, critical: true, value: limited },
        [oids.keyUsage]: keyUsage(keyUsageBits.crlSign),
      }),
    },
    passes: ca(oids.basicConstraints, limited, true),
  },
  aki_missing: {
    fails: [
      without(oids.authorityKeyIdentifier, leafExtensions),
      leaf(oids.authorityKeyIdentifier, sequence()),
    ],
  },
  ca_ski_missing: {
    fails: without(oids.subjectKeyIdentifier, caExtensions),
    passes: { extensions: caExtensions() },
  },
  ski_missing: { fails: {}, passes: leaf(oids.subjectKeyIdentifier, octetString(Buffer.of(1))) },
  name_constraints_without_ca: {
    fails: leaf(oids.nameConstraints, constraints, true),
    passes: ca(oids.nameConstraints, constraints, true),
  },
  name_constraints_empty: {
    fails: ca(oids.nameConstraints, sequence(), true),
    passes: ca(oids.nameConstraints, constraints, true),
  },
  policy_duplicate: {
    fails: leaf(oids.certificatePolicies, sequence(policy, policy)),
    passes: leaf(oids.certificatePolicies, sequence(policy)),
  },
});
