/** How requests prove who sends them. */

export interface Auth {
  /** Headers to add to the next request. Rejects with CredentialsError when there are none to be had. */
  headers(): Record<string, string> | Promise<Record<string, string>>;
  /** The server answered 401. True when different credentials could be had and one more try makes sense. */
  refused(): boolean | Promise<boolean>;
}

/** A fixed header: static bearer tokens and basic authentication. */
export function fixedAuth(authorization: string): Auth {
  return { headers: () => ({ authorization }), refused: () => false };
}

export function bearer(token: string): Auth {
  return fixedAuth(`Bearer ${token}`);
}

/** RFC 7617. */
export function basic(username: string, password: string): Auth {
  return fixedAuth(`Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`);
}
