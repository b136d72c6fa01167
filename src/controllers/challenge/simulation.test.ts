/**
 * The whole controller between an API server, a CA and a provider that answer when they like: in any order of what may
 * happen, no more Challenges work than may, no two for one name, and each that can be proven is.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChallengeSimulation } from '../testing/challenge-simulation.ts';

const steps = 1_000;

for (const max of [1, 3, 12])
  for (const seed of [1, 2])
    test(`any order of events, ${max} slots, seed ${seed}`, async () => {
      const simulation = new ChallengeSimulation(seed, max);
      for (let step = 0; step < steps; step++) {
        await simulation.step();
        simulation.check();
      }
      simulation.calm();
      // Patience, back-offs and stays of an hour, one after the other.
      for (let hours = 0; hours < 48 && simulation.unproven().length > 0; hours++) await simulation.hour();
      assert.deepEqual(simulation.unproven(), []);
      assert.equal(simulation.held, 0, 'nobody who is done has a slot');
      assert.deepEqual(simulation.left, [], 'no answer is left behind');
      assert.ok(simulation.proven > 10, `${simulation.proven} were proven`);
      await simulation.stop();
    });
