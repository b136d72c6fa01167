/** Registers `certwright acme`: its commands, flags and help. */
import type { Command } from 'commander';
import type { Surroundings } from '../program.ts';
import { addOperatorCommands } from './operator/operator-commands.ts';
import type { DnsPersistFlags } from './dns-persist-record.ts';

export function addAcmeCommand(
  program: Command,
  surroundings: Surroundings,
  setExitCode: (code: number) => void,
): void {
  const acme = program
    .command('acme')
    .summary('accounts and limits of ACME CAs; why a certificate is not there')
    .description(
      'What a person asks of an ACME CA, or has to do for it: accounts, limits, revocation, why a certificate is not there.',
    );
  acme
    .command('dns-persist-record')
    .summary('print the TXT record that dns-persist-01 needs')
    .description(
      'Prints the TXT records at _validation-persist.<name> that let an ACME account have certificates by dns-persist-01. Asks nothing of anybody but with --verify.',
    )
    .argument('<names...>', 'names to prove; *.name stands for the name with its wildcard')
    .requiredOption('--account-uri <url>', 'URL of the ACME account: status.acme.uri of the issuer')
    .requiredOption(
      '--issuer-domain-name <name>',
      'a domain name of the CA, as its documentation or its challenges say it',
    )
    .option('--wildcard', 'the records stand for *.name and names below as well')
    .option(
      '--persist-until <time>',
      'when the records end to count: a date, or seconds since 1970 (default: never)',
    )
    .option('--verify', 'look whether the records are there; exit code 1 if one is not')
    .option(
      '--nameservers <list>',
      'with --verify: ask these, as ip:port or https:// address, instead of the authoritative ones',
    )
    .option('-o, --output <format>', 'text (lines for a zone file) or json', 'text')
    .addHelpText(
      'after',
      `
Examples:
  certwright acme dns-persist-record example.com --wildcard --issuer-domain-name letsencrypt.org \\
    --account-uri "$(kubectl get clusterissuer letsencrypt -o jsonpath='{.status.acme.uri}')"
  certwright acme dns-persist-record example.com --issuer-domain-name ca.example --account-uri https://ca.example/acct/1 --verify
`,
    )
    .action(async (names: string[], flags: DnsPersistFlags) => {
      // The DNS is loaded by those who ask it.
      const { dnsPersistRecord } = await import('./dns-persist-record.ts');
      setExitCode(await dnsPersistRecord(names, flags, surroundings));
    });
  addOperatorCommands(acme, surroundings, setExitCode);
  dress(acme, 'certwright acme', surroundings);
}

/** Commander hands none of this down. */
function dress(parent: Command, path: string, surroundings: Surroundings): void {
  for (const command of parent.commands) {
    const name = `${path} ${command.name()}`;
    command
      .exitOverride()
      .configureOutput({ writeOut: surroundings.out, writeErr: surroundings.err })
      .showHelpAfterError(`(${name} --help shows what there is)`);
    dress(command, name, surroundings);
  }
}
