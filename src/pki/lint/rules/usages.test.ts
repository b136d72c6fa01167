/** Each rule over key usages, with a certificate that keeps it and one that breaks it. */

import { generateKeyPairSync } from 'node:crypto';

import { sequence } from '../../asn1/der-writer.ts';
import { oids } from '../../asn1/oids.ts';
import { encodeExtKeyUsage, keyUsageBits } from '../../x509/key-usage.ts';
import { caExtensions, keyUsage, leafExtensions } from '../testing/make-certificate.ts';
import { checkRules } from '../testing/rule-cases.ts';
import { usageRules } from './usages.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
const ed25519 = generateKeyPairSync('ed25519').publicKey;
const usage = (...bits: (keyof typeof keyUsageBits)[]) => {
  const mask = bits.reduce((sum, bit) => sum | keyUsageBits[bit], 0);
  return { extensions: leafExtensions({ [oids.keyUsage]: keyUsage(mask) }) };
};
const purposes = (list: string[], mask = 1, critical = false) => {
  const value = list.length === 0 ? sequence() : encodeExtKeyUsage(list);
  const { extKeyUsage: oid } = oids;
  return { extensions: leafExtensions({ [oid]: { oid, critical, value }, [oids.keyUsage]: keyUsage(mask) }) };
};
const any = '2.5.29.37.0';
const server = '1.3.6.1.5.5.7.3.1';
const client = '1.3.6.1.5.5.7.3.2';
const ca = { extensions: caExtensions() };

checkRules(usageRules, {
  key_usage_empty: { fails: usage() },
  cert_sign_without_ca: { fails: usage('certSign'), passes: [{}, ca] },
  ca_key_usage_missing: { fails: { extensions: caExtensions({ [oids.keyUsage]: null }) }, passes: ca },
  ca_without_cert_sign: { fails: { extensions: caExtensions({ [oids.keyUsage]: keyUsage(1) }) }, passes: ca },
  only_without_key_agreement: { fails: usage('encipherOnly'), passes: usage('keyAgreement', 'decipherOnly') },
  ext_key_usage_empty: { fails: purposes([]) },
  ext_key_usage_duplicate: { fails: purposes([server, server]), passes: purposes([server, client]) },
  any_ext_key_usage_critical: {
    fails: purposes([any], 1, true),
    passes: [purposes([any]), purposes([server], 1, true)],
  },
  any_ext_key_usage_with_others: { fails: purposes([any, server]), passes: purposes([any]) },
  server_auth_key_usage: {
    fails: purposes([server], keyUsageBits.crlSign),
    passes: purposes([server], keyUsageBits.keyAgreement),
  },
  client_auth_key_usage: {
    fails: purposes([client], keyUsageBits.keyEncipherment),
    passes: purposes([client]),
  },
  rsa_key_agreement: { fails: { ...usage('keyAgreement'), publicKey: rsa }, passes: usage('keyAgreement') },
  ec_encipherment: {
    fails: usage('keyEncipherment'),
    passes: { ...usage('keyEncipherment'), publicKey: rsa },
  },
  ed25519_usage: { fails: { ...usage('keyAgreement'), publicKey: ed25519 }, passes: { publicKey: ed25519 } },
});
