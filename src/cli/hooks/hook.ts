/** One deploy hook: a command of the configuration file that is run after the files of a Certificate have changed. */

export interface Hook {
  /** What logs, the table and the journal call it. */
  name: string;
  /** Program and arguments; no shell looks at them. */
  command: readonly string[];
  /** `namespace/name`, with `*` for any run of characters that are no slash. */
  certificates: readonly string[];
  timeoutMs: number;
  /** Added to what every hook gets. */
  environment: Readonly<Record<string, string>>;
}

/** What a hook is told, as environment variables. */
export interface HookFacts {
  namespace: string;
  name: string;
  /** Where the files are. Absolute. */
  directory: string;
  files: readonly string[];
}

export function isFor(hook: Pick<Hook, 'certificates'>, namespace: string, name: string): boolean {
  return hook.certificates.some((pattern) => {
    const [wantedNamespace = '', wantedName = ''] = pattern.split('/');
    return fits(wantedNamespace, namespace) && fits(wantedName, name);
  });
}

/** Stars alone are special. Linear: a pattern cannot be made to run for ever. */
function fits(pattern: string, text: string): boolean {
  const parts = pattern.split('*');
  const [first = '', ...rest] = parts;
  if (rest.length === 0) return pattern === text;
  const last = rest.pop() ?? '';
  if (!text.startsWith(first) || text.length < first.length + last.length || !text.endsWith(last))
    return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= text.length - last.length;
}

/**
 * PATH and what says who and where we are; nothing else of our own environment, as credentials of DNS providers may be in
 * it. `CERTWRIGHT_…` says which Certificate it is about.
 */
export function environmentOf(
  hook: Hook,
  { namespace, name, directory, files }: HookFacts,
  own: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const kept = [
    'PATH',
    'HOME',
    'USER',
    'LOGNAME',
    'LANG',
    'LC_ALL',
    'TZ',
    'TMPDIR',
    'DBUS_SESSION_BUS_ADDRESS',
  ];
  const inherited = kept.flatMap((key) => (own[key] === undefined ? [] : [[key, own[key]] as const]));
  return {
    ...Object.fromEntries(inherited),
    ...hook.environment,
    CERTWRIGHT_HOOK: hook.name,
    CERTWRIGHT_CERTIFICATE: `${namespace}/${name}`,
    CERTWRIGHT_NAMESPACE: namespace,
    CERTWRIGHT_NAME: name,
    CERTWRIGHT_DIRECTORY: directory,
    // A line each: control characters are what file names here never have.
    CERTWRIGHT_FILES: files.join('\n'),
  };
}
