/** Directories of Let's Encrypt's first protocol, switched off in 2021: issuers that were never changed still name them. */

const successors: Readonly<Record<string, string>> = {
  'https://acme-v01.api.letsencrypt.org/directory': 'https://acme-v02.api.letsencrypt.org/directory',
  'https://acme-staging.api.letsencrypt.org/directory':
    'https://acme-staging-v02.api.letsencrypt.org/directory',
};

/** What to use instead; undefined for every other server. */
export function historicServer(server: string): string | undefined {
  return successors[server.endsWith('/') ? server.slice(0, -1) : server];
}
