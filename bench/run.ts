/**
 * `npm run bench`: storm, renewal storm, idle and restart of the standalone server, beside the machine's own limits.
 *
 *     npm run bench                        10,000 P-256 and 500 RSA-2048
 *     npm run bench -- --p256 1000         another size
 *     npm run bench -- --ci                small sizes, budgets as ratios, non-zero exit when one is missed
 *     npm run bench -- --bundle FILE       another build than dist/certwright.js, to compare two
 *     npm run bench -- --node=--cpu-prof   an argument for the node that runs it; may be repeated
 *     npm run bench -- --json FILE         where the figures go (default .certwright/bench.json)
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { checkBudgets } from './budgets.ts';
import { measureLimits } from './limits.ts';
import { builtBundle } from './harness/standalone.ts';
import { rounded } from './harness/rounded.ts';
import { runFirstCertificate, runStandalone, type PhaseResult } from './scenarios/standalone.ts';

const { values } = parseArgs({
  options: {
    p256: { type: 'string' },
    rsa: { type: 'string' },
    ci: { type: 'boolean', default: false },
    bundle: { type: 'string', default: builtBundle },
    node: { type: 'string', multiple: true, default: [] },
    json: { type: 'string', default: '.certwright/bench.json' },
  },
});

const sizes = {
  p256: Number(values.p256 ?? (values.ci ? 1000 : 10_000)),
  rsa: Number(values.rsa ?? (values.ci ? 100 : 500)),
};
const program = { bundle: values.bundle, nodeArguments: values.node };
const progress = (text: string): void => void process.stderr.write(`${text}\n`);

progress("the machine's own limits");
const limits = await measureLimits();
const results: PhaseResult[] = [
  await runFirstCertificate(program),
  ...(sizes.p256 > 0
    ? await runStandalone({
        program,
        algorithm: 'ECDSA',
        certificates: sizes.p256,
        idleSeconds: 10,
        progress,
      })
    : []),
  ...(sizes.rsa > 0
    ? await runStandalone({ program, algorithm: 'RSA', certificates: sizes.rsa, idleSeconds: 10, progress })
    : []),
];
const budgets = checkBudgets(limits, results, values.ci ? 'ci' : 'full');

const machine = {
  cpu: cpus()[0]?.model,
  cores: cpus().length,
  memoryGiB: totalmem() / 2 ** 30,
  node: process.version,
};
await mkdir(dirname(values.json), { recursive: true });
await writeFile(values.json, `${JSON.stringify({ machine, limits, results, budgets }, null, 2)}\n`);

console.log(`${machine.cores} x ${machine.cpu}, Node ${machine.node}`);
console.table(rounded(limits));
console.table(results.map(rounded));
console.table(budgets.map(rounded));
const missed = budgets.filter(({ met }) => !met);
console.log(
  `figures: ${values.json}; ${budgets.length - missed.length} budgets met, ${missed.length} missed`,
);
if (missed.length > 0) process.exitCode = 1;
