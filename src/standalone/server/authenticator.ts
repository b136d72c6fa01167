/** Who asks: a bearer token or a client certificate, otherwise nobody. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { IncomingMessage } from 'node:http';
import type { UserInfo } from '../../api/admission.ts';

/** Holder of the kubeconfig that the server writes, and the default user in process. */
export const ADMINISTRATOR: UserInfo = {
  username: 'certwright:admin',
  groups: ['system:masters', 'system:authenticated'],
};

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

export function createAuthenticator(
  token: string | undefined,
): (request: IncomingMessage) => UserInfo | undefined {
  const expected = token === undefined ? undefined : digest(token);
  return (request) => {
    const header = request.headers.authorization;
    const given = header === undefined ? undefined : /^Bearer +([\x21-\x7e]{1,4096})$/i.exec(header)?.[1];
    if (given !== undefined) {
      // Digests have one length, so the comparison tells nothing about the token.
      return expected !== undefined && timingSafeEqual(expected, digest(given)) ? ADMINISTRATOR : undefined;
    }
    if (header !== undefined) return undefined;
    return certificateUser(request.socket as TLSSocket);
  };
}

/** Kubernetes' mapping: common name is the user, organizations are the groups. */
function certificateUser(socket: TLSSocket): UserInfo | undefined {
  if (!socket.authorized) return undefined;
  const subject = socket.getPeerCertificate()?.subject as
    | { CN?: string | string[]; O?: string | string[] }
    | undefined;
  const username = [subject?.CN ?? []].flat()[0];
  if (username === undefined || username === '') return undefined;
  return { username, groups: [...new Set([...[subject?.O ?? []].flat(), 'system:authenticated'])] };
}
