/** A Challenge for the tests of this folder. */
import type { Challenge, ChallengeSpec } from '../../../api/challenge.ts';
import type { Http01Solver } from '../../../api/solver-http01.ts';
import { defaultAcmeSettings, type Http01Settings } from '../../settings.ts';

export const token = 'evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA';
export const key = `${token}.9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI`;

export function sampleChallenge(http01: Http01Solver, more: Partial<ChallengeSpec> = {}): Challenge {
  return {
    apiVersion: 'acme.cert-manager.io/v1',
    kind: 'Challenge',
    metadata: { name: 'web-1-2-3', namespace: 'shop', uid: 'c0ffee' },
    spec: {
      url: 'https://ca.example/chall/1',
      authorizationURL: 'https://ca.example/authz/1',
      dnsName: 'www.example.com',
      type: 'HTTP-01',
      token,
      key,
      solver: { http01 },
      issuerRef: { name: 'acme' },
      ...more,
    },
  };
}

export function sampleSettings(more: Partial<Http01Settings> = {}): Http01Settings {
  const { http01 } = defaultAcmeSettings;
  return { ...http01, pod: { ...http01.pod, image: 'example.test/acmesolver:1' }, ...more };
}
