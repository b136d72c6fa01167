/** Which proxy the environment names for a plain HTTP request (the customs of Go's net/http and curl). */

export interface Proxy {
  host: string;
  port: number;
  /** Value of Proxy-Authorization. */
  authorization?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** HTTP_PROXY and NO_PROXY, lower case first. Undefined: the host is asked directly. Only http:// proxies. */
export function proxyFor(host: string, environment: Environment): Proxy | undefined {
  const named = environment['http_proxy'] || environment['HTTP_PROXY'] || '';
  if (named === '' || isExempt(host, environment['no_proxy'] || environment['NO_PROXY'] || ''))
    return undefined;
  const url = URL.parse(named.includes('://') ? named : `http://${named}`);
  if (url === null || url.protocol !== 'http:') return undefined;
  const { hostname, port, username, password } = url;
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? 80 : Number(port),
    ...(username === '' ? {} : { authorization: `Basic ${Buffer.from(login).toString('base64')}` }),
  };
}

/** `*`, names (with everything below them), `.name` (only what is below), addresses. */
function isExempt(host: string, list: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  if (name === 'localhost' || name.startsWith('127.') || name === '::1') return true;
  return list
    .split(',')
    .map((entry) => entry.trim().toLowerCase().replace(/:\d+$/, ''))
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true;
      const below = entry.replace(/^\*?\./, '');
      return name.endsWith(`.${below}`) || (below === entry && name === entry);
    });
}
