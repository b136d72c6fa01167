/** The import table of the design (§2) as data: which room may import which, and what a tree of rooms must look like. */

/** Room (path below `src`) to the rooms it may import. `all` is for what people look at: it may import every room. */
export const ROOMS: Readonly<Record<string, readonly string[] | 'all'>> = {
  api: [],
  pki: [],
  acme: ['pki'],
  dns: [],
  kube: ['api'],
  standalone: ['api', 'pki'],
  solvers: ['api', 'kube', 'dns', 'acme', 'pki'],
  issuers: ['api', 'pki', 'acme', 'kube'],
  controllers: ['api', 'pki', 'acme', 'dns', 'kube', 'solvers', 'issuers'],
  admission: ['api', 'pki'],
  serving: ['api', 'pki', 'kube'],
  metrics: 'all',
  cli: 'all',
  dashboard: 'all',
};

/** Names that say nothing about what lives there: neither a folder nor a file may carry one. */
export const NAMELESS: readonly string[] = ['utils', 'util', 'helpers', 'helper', 'common', 'types', 'misc'];

/** The longest a source file may be, in lines. */
export const MAX_LINES = 400;

/** The longest a test file may be before it is split by behaviour. */
export const MAX_TEST_LINES = 500;

/** Generated files and tables, whose length says nothing about how hard they are to read. */
export const LONG_BY_NATURE: readonly string[] = [];
