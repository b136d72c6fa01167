/** The Challenge controller as a module: registered under `challenges` (`--controllers`). */
import type { ControllerModule } from '../module.ts';
import { startChallengeController, type ChallengesOptions } from './controller.ts';

export function challengesModule(options: ChallengesOptions): ControllerModule {
  return {
    names: ['challenges'],
    start: (context, signal) => startChallengeController(context, signal, options),
  };
}
