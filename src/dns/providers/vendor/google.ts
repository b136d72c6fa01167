/** The credentials of this machine for Google Cloud: Application Default Credentials, by Google's own package. */

import { GoogleAuth } from 'google-auth-library';

import type { ProviderEnvironment, ProviderHttp } from '../../provider.ts';

/** An access token: from the file of GOOGLE_APPLICATION_CREDENTIALS, gcloud's, or the metadata server (workload identity). */
export async function googleToken({ http }: ProviderEnvironment, scope: string): Promise<string> {
  const auth = new GoogleAuth({
    scopes: [scope],
    clientOptions: { transporterOptions: { fetchImplementation: through(http) } },
  });
  const token = await auth.getAccessToken();
  if (typeof token !== 'string' || token === '') throw new Error('they give no access token');
  return token;
}

/** `fetch` over the HTTP of the process, with its proxies, trust and bounds. The metadata server is asked directly. */
function through(http: ProviderHttp): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const { status, headers, body } = await http.request({
      method: request.method,
      url: request.url,
      headers: Object.fromEntries(request.headers),
      ...(request.body !== null && { body: await request.text() }),
      ...(init?.signal && { signal: init.signal }),
    });
    const kept = ['content-type', 'retry-after'].flatMap((name) => {
      const value = headers[name];
      return value === undefined ? [] : [[name, value] as [string, string]];
    });
    return new Response(body === '' ? null : body, { status, headers: kept });
  };
}
