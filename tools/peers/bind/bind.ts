/** Starts a real BIND (`named`) with zones that take dynamic updates, on ports of its own. */

import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

import { freePorts, PeerProcess } from '../acme/peer-process.ts';
import { startRelay } from './relay.ts';

const run = promisify(execFile);

export interface BindKey {
  name: string;
  /** As named.conf writes it: `hmac-sha256`. */
  algorithm: string;
  /** Base64. */
  secret: string;
}

export interface BindZone {
  /** `example.test`; `.` makes the server the root of all names, so that none of them is looked for elsewhere. */
  name: string;
  /** Lines of a zone file below the SOA and the NS record that are written anyhow. */
  records?: readonly string[];
  /** Host of the NS record where `records` has none for the zone itself; `ns.<name>`. */
  nameservers?: readonly string[];
  /** TTL of every record, and of negative answers. Seconds; 60. */
  ttl?: number;
  /** Names of keys that may update anything in the zone; `any` stands for everybody without a key. */
  allowUpdate?: readonly string[];
}

export interface BindView {
  name: string;
  /** Addresses whose questions the view answers. */
  clients: readonly string[];
  zones: readonly BindZone[];
}

export interface BindOptions {
  /** 127.0.0.1. Any other address of 127.0.0.0/8 is relayed to it, so that several servers can have one port. */
  address?: string;
  /** A free one when absent. */
  port?: number;
  keys?: readonly BindKey[];
  zones?: readonly BindZone[];
  /** Instead of `zones`. */
  views?: readonly BindView[];
  /** Follows CNAMEs from one of its zones into another, as the resolver of a CA does. */
  recursive?: boolean;
  /** Zones that are asked for at another server. The server is recursive then, with a cache. */
  forward?: readonly { zone: string; to: { address: string; port: number } }[];
}

export interface Bind {
  /** `address:port`. */
  readonly server: string;
  readonly address: string;
  readonly port: number;
  readonly pid: number;
  /** Answer lines of `dig +short`. */
  dig(name: string, type: string, ...more: string[]): Promise<string[]>;
  /** Commands of `nsupdate`, without a key. @throws Error with what it says */
  update(...commands: string[]): Promise<void>;
  log(): string;
  stop(): Promise<void>;
}

/** @throws Error with the end of the log when it does not start */
export async function startBind(options: BindOptions): Promise<Bind> {
  const peer = await PeerProcess.inNewFolder('bind');
  const address = options.address ?? '127.0.0.1';
  const port = options.port ?? (await freePorts(1))[0] ?? 0;
  const own =
    address === '127.0.0.1'
      ? { address, port }
      : { address: '127.0.0.1', port: (await freePorts(1))[0] ?? 0 };
  const server = `${address}:${port}`;
  await writeFile(
    path.join(peer.folder, 'named.conf'),
    await configuration(peer.folder, own.address, own.port, options),
  );
  peer.start(process.env['CERTWRIGHT_NAMED'] ?? 'named', [
    '-g',
    '-n',
    '1',
    '-c',
    path.join(peer.folder, 'named.conf'),
  ]);
  const dig = async (name: string, type: string, ...more: string[]): Promise<string[]> => {
    const args = [`@${address}`, '-p', String(port), '+short', '+time=2', '+tries=1', ...more, name, type];
    const { stdout } = await run('dig', args);
    return stdout.split('\n').filter((line) => line !== '' && !line.startsWith(';'));
  };
  // BIND says so when every zone is loaded; before that it answers SERVFAIL.
  await peer.until('named', () => Promise.resolve(/\brunning$/mu.test(peer.log)));
  const relay = own.address === address ? undefined : await startRelay({ address, port }, own);
  return {
    server,
    address,
    port,
    get pid() {
      return peer.pid;
    },
    dig,
    async update(...commands) {
      // Not by a file, which several at once would share.
      const asked = run('nsupdate', []);
      asked.child.stdin?.end([`server ${address} ${port}`, ...commands, 'send', ''].join('\n'));
      await asked;
    },
    log: () => peer.log,
    async stop() {
      await relay?.close();
      await peer.stop();
    },
  };
}

async function configuration(
  folder: string,
  address: string,
  port: number,
  options: BindOptions,
): Promise<string> {
  const forward = options.forward ?? [];
  const keys = (options.keys ?? []).map(
    ({ name, algorithm, secret }) => `key "${name}" { algorithm ${algorithm}; secret "${secret}"; };`,
  );
  const forwards = forward.map(
    ({ zone, to }) =>
      `zone "${zone}" { type forward; forward only; forwarders { ${to.address} port ${to.port}; }; };`,
  );
  const sections: string[] = [];
  for (const view of options.views ?? []) {
    const zones = await zoneSections(path.join(folder, view.name), view.zones);
    sections.push(
      `view "${view.name}" { match-clients { ${view.clients.map((client) => `${client}; `).join('')}}; ${[...zones, ...forwards].join('\n')} };`,
    );
  }
  if (options.views === undefined)
    sections.push(...(await zoneSections(folder, options.zones ?? [])), ...forwards);
  return [
    `options {
  directory "${folder}";
  pid-file none;
  session-keyfile "${folder}/session.key";
  managed-keys-directory "${folder}";
  listen-on port ${port} { ${address}; };
  listen-on-v6 { none; };
  query-source address ${address};
  recursion ${forward.length > 0 || options.recursive === true ? 'yes' : 'no'};
  allow-recursion { any; };
  empty-zones-enable no;
  dnssec-validation no;
  max-ncache-ttl 3600;
  notify no;
};
controls { };`,
    ...keys,
    ...sections,
  ].join('\n');
}

async function zoneSections(folder: string, zones: readonly BindZone[]): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  return await Promise.all(
    zones.map(async (zone) => {
      const file = path.join(folder, `${zone.name === '.' ? 'root' : zone.name}.zone`);
      await writeFile(file, zoneFile(zone));
      const who = (zone.allowUpdate ?? [])
        .map((key) => (key === 'any' ? 'any; ' : `key "${key}"; `))
        .join('');
      return `zone "${zone.name}" { type primary; file "${file}"; allow-update { ${who === '' ? 'none; ' : who}}; };`;
    }),
  );
}

function zoneFile({ name, records = [], nameservers, ttl = 60 }: BindZone): string {
  const hosts = nameservers ?? [name === '.' ? 'ns.root-servers.test.' : `ns.${name}.`];
  return [
    `$TTL ${ttl}`,
    `$ORIGIN ${name === '.' ? '.' : `${name}.`}`,
    `@ SOA ${hosts[0]} hostmaster.example. 1 3600 600 86400 ${ttl}`,
    ...hosts.map((host) => `@ NS ${host}`),
    ...(nameservers === undefined && name === '.' ? ['ns.root-servers.test. A 127.0.0.1'] : []),
    ...(nameservers === undefined && name !== '.' ? ['ns A 127.0.0.1'] : []),
    ...records,
    '',
  ].join('\n');
}
