/** What is on the Internet, as far as these tests need it: a name server for `internet.test`, and a CA that asks it. */

import { randomBytes } from 'node:crypto';

import { startPebble, type Pebble } from '../../tools/peers/acme/pebble.ts';
import { startBind, type Bind } from '../../tools/peers/bind/bind.ts';
import { assertOutside, OUTSIDE_ADDRESS } from './host.ts';

/** The cluster's CoreDNS asks for it at the host outside (`tools/cluster/manifests/coredns.yaml`). */
export const ZONE = 'internet.test';

export class Internet implements AsyncDisposable {
  readonly bind: Bind;
  readonly pebble: Pebble;
  /** Base64; the key is `certwright`, HMAC-SHA256. */
  readonly tsigSecret: string;
  readonly #registrar: string;

  private constructor(bind: Bind, pebble: Pebble, tsigSecret: string, registrar: string) {
    this.bind = bind;
    this.pebble = pebble;
    this.tsigSecret = tsigSecret;
    this.#registrar = registrar;
  }

  static async start(): Promise<Internet> {
    assertOutside();
    const [own, registrar] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];
    const algorithm = 'hmac-sha256';
    const nameservers = [`ns.${ZONE}.`];
    const bind = await startBind({
      address: OUTSIDE_ADDRESS,
      // The propagation check looks for the zone's name server there.
      port: 53,
      keys: [
        { name: 'certwright', algorithm, secret: own },
        { name: 'registrar', algorithm, secret: registrar },
      ],
      zones: [
        { name: '.', nameservers, ttl: 5 },
        {
          name: ZONE,
          nameservers,
          ttl: 5,
          records: [`ns A ${OUTSIDE_ADDRESS}`],
          allowUpdate: ['certwright', 'registrar'],
        },
      ],
    });
    const pebble = await startPebble({
      listen: OUTSIDE_ADDRESS,
      dnsServer: bind.server,
      httpPort: 80,
      tlsPort: 443,
      noSleep: true,
    });
    return new Internet(bind, pebble, own, registrar);
  }

  /** Puts addresses at names of the zone, in place of those that they had. */
  async point(addresses: Readonly<Record<string, string>>): Promise<void> {
    const lines = Object.entries(addresses).flatMap(([name, address]) => [
      `update delete ${name}.${ZONE}. A`,
      `update add ${name}.${ZONE}. 5 A ${address}`,
    ]);
    await this.bind.update(`key hmac-sha256:registrar ${this.#registrar}`, `zone ${ZONE}.`, ...lines);
  }

  /** How many orders the CA has been asked for. */
  get orders(): number {
    return Number(/^.*There are now (\d+) orders in the db$/mu.exec(lastOf(this.pebble.log()))?.[1] ?? 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pebble.stop();
    await this.bind.stop();
  }
}

function lastOf(log: string): string {
  return log.split('\n').findLast((line) => line.endsWith(' orders in the db')) ?? '';
}
