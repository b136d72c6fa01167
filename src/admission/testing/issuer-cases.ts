/** Issuers and what is to be said of them, whichever of the two kinds. */
import { generateKeyPairSync } from 'node:crypto';
import { generateKey } from '../../pki/keys.ts';
import { temporaryCertificate } from '../../pki/x509/temporary-certificate.ts';
import { creations, type AdmissionCase } from './admission-case.ts';

const bundle = Buffer.from(
  await temporaryCertificate({
    template: { commonName: 'ca' },
    key: await generateKey({ algorithm: 'ECDSA' }),
    now: Date.UTC(2025, 0),
  }),
).toString('base64');
const notCertificate = Buffer.from(
  `-----BEGIN CERTIFICATE-----\n${Buffer.from('no').toString('base64')}\n-----END CERTIFICATE-----\n`,
).toString('base64');
const onlyKey = Buffer.from(
  generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }),
).toString('base64');

const vault = { server: 'https://v', path: 'pki/sign/web', auth: { tokenSecretRef: { name: 't' } } };
const v = (change: object) => ({ vault: { ...vault, ...change } });
const auth = (change: object) => ({ vault: { ...vault, auth: change } });
const kubernetes = { role: 'r', secretRef: { name: 's' } };
const tpp = { url: 'https://t', credentialsRef: { name: 'c' } };
const ngts = { tsgID: '1', credentialsRef: { name: 'c' } };
const acme = { server: 'https://acme', privateKeySecretRef: { name: 'key' } };
export const acmeIssuer = (change: object) => ({ acme: { ...acme, ...change } });

const cases: Record<string, [string, unknown, string[]][]> = {
  type: [
    ['none', {}, ['spec: Required value: at least one issuer must be configured']],
    ['no spec', undefined, ['spec: Required value: ']],
    ['self-signed', { selfSigned: {} }, []],
    [
      'two',
      { selfSigned: {}, ca: { secretName: '' } },
      [
        'spec.ca.secretName: Required value: ',
        'spec.selfSigned: Forbidden: may not specify more than one issuer type',
      ],
    ],
    [
      'all',
      { selfSigned: {}, ca: { secretName: 'a' }, vault: {}, venafi: {}, ...acmeIssuer({}) },
      ['spec.ca: Forbidden', 'spec.selfSigned: Forbidden', 'spec.vault: Forbidden', 'spec.venafi: Forbidden'],
    ],
  ],
  ca: [
    [
      'plain',
      { ca: { secretName: 'a', ocspServers: ['http://o'], issuingCertificateURLs: ['http://i'] } },
      [],
    ],
    ['no Secret', { ca: {} }, ['spec.ca.secretName: Required value: ']],
    [
      'empty URLs',
      { ca: { secretName: 'a', ocspServers: ['http://o', ''], issuingCertificateURLs: [''] } },
      [
        'spec.ca.ocspServer[1]: Invalid value: "": must be a valid URL',
        'spec.ca.issuingCertificateURLs[0]: Invalid value: "": must be a valid URL',
      ],
    ],
  ],
  vault: [
    ['plain', v({ caBundle: bundle }), []],
    [
      'no server, no path',
      v({ server: '', path: '' }),
      ['spec.vault.server: Required', 'spec.vault.path: Required'],
    ],
    [
      'dots in path',
      v({ path: 'pki/../sys' }),
      ['spec.vault.path: Invalid value: "pki/../sys": must not contain'],
    ],
    ['dots in a name are fine', v({ path: 'pki/sign/a..b' }), []],
    ['bundle of junk', v({ caBundle: 'AAAA' }), ['spec.vault.caBundle: Invalid value: "<snip>": ']],
    [
      'bundle of nothing',
      v({ caBundle: notCertificate }),
      ['spec.vault.caBundle: Invalid value: "<snip>": '],
    ],
    ['bundle of a key', v({ caBundle: onlyKey }), ['spec.vault.caBundle: Invalid value: "<snip>": ']],
    [
      'both bundles',
      v({ caBundle: bundle, caBundleSecretRef: { name: 'b' } }),
      [
        'spec.vault.caBundle: Invalid value: "<snip>": ',
        'spec.vault.caBundleSecretRef: Invalid value: "b": ',
      ],
    ],
    [
      'certificate alone',
      v({ clientCertSecretRef: { name: 'c' } }),
      ['spec.vault.clientKeySecretRef: Invalid value: "": '],
    ],
    [
      'key alone',
      v({ clientKeySecretRef: { name: 'c' } }),
      ['spec.vault.clientCertSecretRef: Invalid value: "": '],
    ],
    [
      'no way to log in',
      auth({}),
      [
        'spec.vault.auth: Required value: please supply one of: appRole, kubernetes, tokenSecretRef, clientCertificate, aws',
      ],
    ],
    [
      'two ways are left to the controller',
      auth({ tokenSecretRef: { name: 't' }, clientCertificate: {} }),
      [],
    ],
    ['AppRole', auth({ appRole: { path: 'approle', roleId: 'r', secretRef: { name: 's', key: 'k' } } }), []],
    [
      'empty AppRole',
      auth({ appRole: { path: '..' } }),
      [
        'spec.vault.auth.appRole.roleId: Required',
        'spec.vault.auth.appRole.secretRef.name: Required',
        'spec.vault.auth.appRole.path: Invalid value: "..": ',
      ],
    ],
    [
      'dots in certificate mount',
      auth({ clientCertificate: { mountPath: '/v1/../x' } }),
      ['spec.vault.auth.clientCertificate.path: Invalid value: "/v1/../x": '],
    ],
    ['Kubernetes', auth({ kubernetes }), []],
    [
      'Kubernetes account',
      auth({ kubernetes: { role: 'r', secretRef: { name: '' }, serviceAccountRef: { name: 'a' } } }),
      [],
    ],
    [
      'Kubernetes without',
      auth({ kubernetes: { mountPath: '..' } }),
      [
        'spec.vault.auth.kubernetes.role: Required',
        'spec.vault.auth.kubernetes.path: Invalid value: "..": ',
        'spec.vault.auth.kubernetes: Required value: please supply one of: secretRef, serviceAccountRef',
      ],
    ],
    [
      'Kubernetes with both',
      auth({ kubernetes: { ...kubernetes, serviceAccountRef: {} } }),
      [
        'spec.vault.auth.kubernetes.serviceAccountRef.name: Required',
        'spec.vault.auth.kubernetes: Forbidden: please supply one of: secretRef, serviceAccountRef',
      ],
    ],
    ['AWS', auth({ aws: { role: 'r', serviceAccountRef: { name: 'a' }, iamRoleArn: 'arn' } }), []],
    ['ambient AWS', auth({ aws: { role: 'r' } }), []],
    [
      'AWS without',
      auth({ aws: { mountPath: '..', serviceAccountRef: {} } }),
      [
        'spec.vault.auth.aws.role: Required',
        'spec.vault.auth.aws.mountPath: Invalid value: "..": ',
        'spec.vault.auth.aws.serviceAccountRef.name: Required',
        'spec.vault.auth.aws.iamRoleArn: Required value: iamRoleArn is required',
      ],
    ],
  ],
  venafi: [
    ['TPP', { venafi: { zone: 'z', tpp: { ...tpp, caBundle: 'AAAA' } } }, []],
    ['cloud', { venafi: { zone: 'z', cloud: { apiTokenSecretRef: { name: 'a' } } } }, []],
    ['NGTS', { venafi: { zone: 'z', ngts } }, []],
    [
      'none',
      { venafi: {} },
      ['spec.venafi.zone: Required', 'spec.venafi: Required value: please supply one of: tpp, cloud, ngts'],
    ],
    [
      'two',
      { venafi: { zone: 'z', tpp, ngts } },
      ['spec.venafi: Forbidden: please supply one of: tpp, cloud, ngts'],
    ],
    ['TPP without URL', { venafi: { zone: 'z', tpp: {} } }, ['spec.venafi.tpp.url: Required']],
    [
      'TPP with two bundles',
      { venafi: { zone: 'z', tpp: { ...tpp, caBundle: 'AAAA', caBundleSecretRef: { name: 'b' } } } },
      [
        'spec.venafi.tpp: Forbidden: may not specify more than one of caBundle/caBundleSecretRef as TPP CA Bundle',
      ],
    ],
    [
      'NGTS without',
      { venafi: { zone: 'z', ngts: {} } },
      ['spec.venafi.ngts.tsgID: Required', 'spec.venafi.ngts.credentialsRef.name: Required'],
    ],
  ],
  acme: [
    ['plain', acmeIssuer({ caBundle: bundle, email: 'a@b' }), []],
    ['empty', { acme: {} }, ['spec.acme.privateKeySecretRef.name: Required', 'spec.acme.server: Required']],
    ['bundle of junk', acmeIssuer({ caBundle: 'AAAA' }), ['spec.acme.caBundle: Invalid value: "": ']],
    [
      'bundle and skip',
      acmeIssuer({ caBundle: bundle, skipTLSVerify: true }),
      [
        'spec.acme.caBundle: Invalid value: "": caBundle and skipTLSVerify are mutually exclusive',
        'spec.acme.skipTLSVerify: Invalid value: true: caBundle and skipTLSVerify are mutually exclusive',
      ],
    ],
    [
      'binding',
      acmeIssuer({ externalAccountBinding: { keyID: 'k', keySecretRef: { name: 'n', key: 'k' } } }),
      [],
    ],
    [
      'empty binding',
      acmeIssuer({ externalAccountBinding: {} }),
      [
        'spec.acme.externalAccountBinding.keyID: Required',
        'spec.acme.externalAccountBinding.keySecretRef.name: Required value: secret name is required',
        'spec.acme.externalAccountBinding.keySecretRef.key: Required value: secret key is required',
      ],
    ],
  ],
};

export const issuerCases: AdmissionCase[] = ['Issuer', 'ClusterIssuer'].flatMap((kind) =>
  Object.entries(cases).flatMap(([group, list]) => creations(kind, `${kind}: ${group}`, list)),
);
