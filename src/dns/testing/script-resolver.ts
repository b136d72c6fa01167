/** A resolver of a test: answers from a table, and says what it was asked. */
import { NoAnswerError } from '../errors.ts';
import type { DnsAnswer, DnsRecord, DnsResolver, QueryOptions, RecordType } from '../resolver.ts';

export interface Scripted {
  rcode?: string;
  answers?: readonly DnsRecord[];
  authorities?: readonly DnsRecord[];
  /** Nobody answers. `unreachable`: because this machine has no route. */
  fails?: 'silent' | 'unreachable';
}

export interface ScriptResolver extends DnsResolver {
  /** `TXT name @server,server`. */
  readonly asked: string[];
}

/** Keys are `TYPE name` or, for one server alone, `TYPE name @server`. What is not there does not exist. */
export function scriptResolver(script: Record<string, Scripted>): ScriptResolver {
  const asked: string[] = [];
  return {
    asked,
    query(name: string, type: RecordType, { servers }: QueryOptions): Promise<DnsAnswer> {
      asked.push(`${type} ${name} @${servers.join(',')}`);
      const [server = ''] = servers;
      const found = script[`${type} ${name} @${servers.join(',')}`] ?? script[`${type} ${name}`];
      const { rcode, answers = [], authorities = [], fails } = found ?? { rcode: 'NXDOMAIN' };
      if (fails !== undefined) {
        const unreachable = fails === 'unreachable';
        return Promise.reject(
          new NoAnswerError(
            `nobody answered ${type} ${name}`,
            servers.map((one) => ({
              server: one,
              why: unreachable ? 'no way there' : 'silent',
              unreachable,
            })),
          ),
        );
      }
      return Promise.resolve({
        server,
        rcode: rcode ?? 'NOERROR',
        authoritative: true,
        answers,
        authorities,
      });
    },
  };
}
