/** Starts Pebble's challenge test server: a DNS server for the CA to ask, and answers to challenges set by hand. */

import { goProgram, PROGRAMS } from './go-program.ts';
import { ask } from './https.ts';
import { freePorts, PeerProcess, type Prefix } from './peer-process.ts';

export interface ChallengeServerOptions {
  /** Address to listen at; 127.0.0.1. */
  readonly listen?: string;
  /** Free ones when absent; 0: not served, somebody else answers there. */
  readonly httpPort?: number;
  readonly tlsPort?: number;
  readonly dnsPort?: number;
  readonly managementPort?: number;
  /** What every name without records of its own resolves to; 127.0.0.1. Empty: nothing. */
  readonly defaultIPv4?: string;
  /** Empty when absent: the machine may have no IPv6. */
  readonly defaultIPv6?: string;
  readonly prefix?: Prefix;
}

export interface ChallengeServer {
  /** `host:port` of the DNS server: Pebble's `dnsServer`. */
  readonly dns: string;
  readonly dnsPort: number;
  readonly httpPort: number;
  readonly tlsPort: number;
  readonly managementUrl: string;
  readonly pid: number;
  setDefaultIPv4(address: string): Promise<void>;
  setA(name: string, addresses: readonly string[]): Promise<void>;
  clearA(name: string): Promise<void>;
  setAAAA(name: string, addresses: readonly string[]): Promise<void>;
  setCNAME(name: string, target: string): Promise<void>;
  clearCNAME(name: string): Promise<void>;
  /** Adds a value to the name's TXT records. */
  setTXT(name: string, value: string): Promise<void>;
  clearTXT(name: string): Promise<void>;
  setCAA(name: string, policies: readonly { tag: string; value: string }[]): Promise<void>;
  setServFail(name: string): Promise<void>;
  clearServFail(name: string): Promise<void>;
  setHTTP01(token: string, keyAuthorization: string): Promise<void>;
  clearHTTP01(token: string): Promise<void>;
  setTLSALPN01(name: string, keyAuthorization: string): Promise<void>;
  clearTLSALPN01(name: string): Promise<void>;
  /** Questions that were asked about a name. */
  dnsHistory(name: string): Promise<{ name: string; type: number }[]>;
  httpHistory(name: string): Promise<{ URL: string; Host: string }[]>;
  log(): string;
  stop(): Promise<void>;
}

/** @throws Error with the end of the log when it does not start */
export async function startChallengeServer(options: ChallengeServerOptions = {}): Promise<ChallengeServer> {
  const binary = await goProgram(PROGRAMS.challtestsrv);
  const peer = await PeerProcess.inNewFolder('challtestsrv');
  const listen = options.listen ?? '127.0.0.1';
  const host = listen === '0.0.0.0' ? '127.0.0.1' : listen;
  const free = await freePorts(4);
  const [httpPort, tlsPort, dnsPort, managementPort] = [
    options.httpPort ?? free[0] ?? 0,
    options.tlsPort ?? free[1] ?? 0,
    options.dnsPort ?? free[2] ?? 0,
    options.managementPort ?? free[3] ?? 0,
  ];
  const bind = (port: number): string => (port === 0 ? '' : `${listen}:${port}`);
  const args = ['-http01', bind(httpPort), '-https01', '', '-doh', '', '-dnsserver', bind(dnsPort)];
  args.push('-tlsalpn01', bind(tlsPort), '-management', bind(managementPort));
  args.push('-defaultIPv4', options.defaultIPv4 ?? '127.0.0.1', '-defaultIPv6', options.defaultIPv6 ?? '');
  peer.start(binary, args, {}, options.prefix);
  const managementUrl = `http://${host}:${managementPort}`;
  const send = async (action: string, body: unknown): Promise<string> => {
    const answer = await ask(`${managementUrl}/${action}`, { body: JSON.stringify(body) });
    if (answer.status >= 300)
      throw new Error(`challtestsrv: ${action}: ${answer.status} ${answer.body.slice(0, 300)}`);
    return answer.body;
  };
  const tell = async (action: string, body: unknown): Promise<void> => void (await send(action, body));
  await peer.until('challtestsrv', async () => (await ask(`${managementUrl}/none`)).status === 404);
  return {
    dns: `${host}:${dnsPort}`,
    dnsPort,
    httpPort,
    tlsPort,
    managementUrl,
    pid: peer.pid,
    setDefaultIPv4: (ip) => tell('set-default-ipv4', { ip }),
    setA: (name, addresses) => tell('add-a', { host: name, addresses }),
    clearA: (name) => tell('clear-a', { host: name }),
    setAAAA: (name, addresses) => tell('add-aaaa', { host: name, addresses }),
    setCNAME: (name, target) => tell('set-cname', { host: name, target }),
    clearCNAME: (name) => tell('clear-cname', { host: name }),
    setTXT: (name, value) => tell('set-txt', { host: withDot(name), value }),
    clearTXT: (name) => tell('clear-txt', { host: withDot(name) }),
    setCAA: (name, policies) => tell('add-caa', { host: name, policies }),
    setServFail: (name) => tell('set-servfail', { host: name }),
    clearServFail: (name) => tell('clear-servfail', { host: name }),
    setHTTP01: (token, content) => tell('add-http01', { token, content }),
    clearHTTP01: (token) => tell('del-http01', { token }),
    setTLSALPN01: (name, content) => tell('add-tlsalpn01', { host: name, content }),
    clearTLSALPN01: (name) => tell('del-tlsalpn01', { host: name }),
    async dnsHistory(name) {
      const events = JSON.parse(await send('dns-request-history', { host: name })) as
        | { Question: { Name: string; Qtype: number } }[]
        | null;
      return (events ?? []).map(({ Question }) => ({ name: Question.Name, type: Question.Qtype }));
    },
    async httpHistory(name) {
      const events = JSON.parse(await send('http-request-history', { host: name })) as
        | { URL: string; Host: string }[]
        | null;
      return events ?? [];
    },
    log: () => peer.log,
    stop: () => peer.stop(),
  };
}

/** TXT records are kept under the absolute name. */
const withDot = (name: string): string => (name.endsWith('.') ? name : `${name}.`);
