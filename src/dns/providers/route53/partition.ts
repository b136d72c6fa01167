/** Where Route 53 and STS are, by region: Amazon keeps partitions that know nothing of each other. */

export interface AwsEndpoint {
  readonly url: string;
  /** Region that signatures name. */
  readonly region: string;
}

interface Partition {
  readonly prefix: RegExp;
  readonly suffix: string;
  readonly route53: AwsEndpoint;
}

/** https://docs.aws.amazon.com/general/latest/gr/r53.html; Route 53 is one endpoint per partition. */
const PARTITIONS: readonly Partition[] = [
  {
    prefix: /^cn-/u,
    suffix: 'amazonaws.com.cn',
    route53: { url: 'https://route53.amazonaws.com.cn', region: 'cn-northwest-1' },
  },
  {
    prefix: /^us-gov-/u,
    suffix: 'amazonaws.com',
    route53: { url: 'https://route53.us-gov.amazonaws.com', region: 'us-gov-west-1' },
  },
  {
    prefix: /^us-iso-/u,
    suffix: 'c2s.ic.gov',
    route53: { url: 'https://route53.c2s.ic.gov', region: 'us-iso-east-1' },
  },
  {
    prefix: /^us-isob-/u,
    suffix: 'sc2s.sgov.gov',
    route53: { url: 'https://route53.sc2s.sgov.gov', region: 'us-isob-east-1' },
  },
  {
    prefix: /^eusc-/u,
    suffix: 'amazonaws.eu',
    route53: { url: 'https://route53.amazonaws.eu', region: 'eusc-de-east-1' },
  },
];

const STANDARD: Omit<Partition, 'prefix'> = {
  suffix: 'amazonaws.com',
  route53: { url: 'https://route53.amazonaws.com', region: 'us-east-1' },
};

/** What a region may look like; it becomes part of a host name that credentials are sent to. */
const REGION = /^[a-z]{2,8}(?:-[a-z]{2,12}){1,3}-\d{1,2}$/u;

export function isRegion(text: string): boolean {
  return REGION.test(text);
}

export function route53At(region: string): AwsEndpoint {
  return partitionOf(region).route53;
}

/** The regional endpoint; without a region the global one, which signs for us-east-1. */
export function stsAt(region: string): AwsEndpoint {
  if (region === '') return { url: 'https://sts.amazonaws.com', region: 'us-east-1' };
  return { url: `https://sts.${region}.${partitionOf(region).suffix}`, region };
}

function partitionOf(region: string): Omit<Partition, 'prefix'> {
  return PARTITIONS.find(({ prefix }) => prefix.test(region)) ?? STANDARD;
}
