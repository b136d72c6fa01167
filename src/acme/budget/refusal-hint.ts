/** What a refusal says beyond `Retry-After`, in the words of Let's Encrypt: which limit, and until when. */

/** Read where a header is missing, and only from a bounded text. The anchor of the CA's own page is the limit's name. */
export function refusalHint(detail: string): { until?: number; limit?: string } {
  const text = detail.slice(0, 2000);
  const [, date = '', time = ''] = /retry after (\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)/iu.exec(text) ?? [];
  const until = date === '' ? Number.NaN : Date.parse(`${date}T${time}Z`);
  const [, limit] = /\/rate-limits\/?#([a-z0-9-]{1,100})/iu.exec(text) ?? [];
  return {
    ...(Number.isFinite(until) ? { until } : {}),
    ...(limit === undefined ? {} : { limit: renamed[limit.toLowerCase()] ?? limit.toLowerCase() }),
  };
}

/** Anchors of before the CA issued for IP addresses. */
const renamed: Readonly<Record<string, string>> = {
  'new-certificates-per-exact-set-of-hostnames': 'new-certificates-per-exact-set-of-identifiers',
  'authorization-failures-per-hostname-per-account': 'authorization-failures-per-identifier-per-account',
};
