/** A solver whose world is a Map: what is presented there is what a test finds left over. */
import { setTimeout as pause } from 'node:timers/promises';
import type { CheckResult, Solver, SolverContext, Solvers } from '../../../src/solvers/solver.ts';

export class FakeSolver implements Solver, Solvers {
  /** What is in the world, by key of the Challenge's spec. */
  readonly world = new Map<string, SolverContext>();
  readonly calls: string[] = [];
  presentFault: unknown;
  checkFault: unknown;
  cleanUpFault: unknown;
  /** Names whose answers nobody sees. */
  readonly unseen = new Set<string>();
  settleMs = 0;
  /** Most at the same time in the world, by name and type. */
  most = 0;
  /** Real milliseconds that each call takes. */
  slow = 0;

  for(): Solver {
    return this;
  }

  async present(context: SolverContext): Promise<void> {
    this.#called('present', context);
    if (this.slow > 0) await pause(this.slow);
    if (this.presentFault !== undefined) throw this.presentFault;
    this.world.set(context.challenge.spec.key, context);
    this.most = Math.max(this.most, this.world.size);
  }

  async check(context: SolverContext): Promise<CheckResult> {
    this.#called('check', context);
    await Promise.resolve();
    if (this.checkFault !== undefined) throw this.checkFault;
    const passed =
      this.world.has(context.challenge.spec.key) && !this.unseen.has(context.challenge.spec.dnsName);
    return {
      passed,
      views: [{ view: 'direct', passed, trusted: true, answer: passed ? 'as expected' : 'nothing there' }],
      problem: passed ? '' : 'direct saw nothing there',
      settleMs: this.settleMs,
    };
  }

  async cleanUp(context: SolverContext): Promise<void> {
    this.#called('cleanUp', context);
    await Promise.resolve();
    if (this.cleanUpFault !== undefined) throw this.cleanUpFault;
    this.world.delete(context.challenge.spec.key);
  }

  count(call: string): number {
    return this.calls.filter((one) => one.startsWith(call)).length;
  }

  #called(name: string, { challenge }: SolverContext): void {
    this.calls.push(`${name} ${challenge.spec.dnsName}`);
  }
}
