/** The tables of admission on the real API server with our policies and no process of ours. */
import { after, before, describe } from 'node:test';
import { playIdentity } from './admission-identity.ts';
import { admittedByPolicies, namedOtherwise } from './admission-differences.ts';
import { AdmissionPlayer } from './admission-player.ts';
import { removeObjects, installPolicies, makeNamespace, removePolicies } from './admission-setup.ts';
import { playTable } from './admission-table.ts';
import { openTwoServers, type TwoServers } from './two-servers.ts';

describe('admission by policies', () => {
  let servers: TwoServers;
  let player: AdmissionPlayer;

  before(async () => {
    servers = await openTwoServers();
    await makeNamespace(servers.real);
    await installPolicies(servers.real);
    player = new AdmissionPlayer(servers.real);
    await player.untilInForce();
  });
  after(async () => {
    await removePolicies(servers.real);
    await removeObjects(servers.real);
    await servers.close();
  });

  playIdentity(() => servers.real);
  playTable({ player: () => player, admits: admittedByPolicies, names: namedOtherwise });
});
