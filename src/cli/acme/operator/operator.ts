/** What the operator's commands do, loaded by those who ask for one: the client, its keys and its TLS stay out of everybody else's start. */
export { certificateStatus } from '../status/status.ts';
export { deactivateAccount } from './account-deactivate.ts';
export { rolloverAccount } from './account-rollover.ts';
export { showAccount } from './account-show.ts';
export { showBudget } from './budget.ts';
export { withCluster } from './cluster.ts';
export { answerFormat } from './print.ts';
export { renew } from './renew.ts';
export { revoke } from './revoke.ts';
