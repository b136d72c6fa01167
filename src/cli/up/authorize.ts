/** Who may do what on the embedded server: one rule, the same for admission and for access reviews. */
import type { Authorize } from '../../api/admission.ts';

/** Kubernetes' group of everybody who did not say who they are. */
const nobody = 'system:unauthenticated';

/**
 * The embedded server has no roles. Its controllers and the holder of its token are the administrator, and whoever
 * shows a certificate of --client-ca was let in to use all of it, private keys included: refusing such a user the
 * approval of a request would protect nothing. So everybody who is known may do everything, and nobody else anything.
 */
export const authorizeKnownUsers: Authorize = ({ user }) => !user.groups.includes(nobody);
