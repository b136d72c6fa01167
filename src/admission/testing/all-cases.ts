/** Every row of the tables. */
import type { AdmissionCase } from './admission-case.ts';
import { approvalCases } from './approval-cases.ts';
import { certificateCases } from './certificate-cases.ts';
import { renewalCases } from './certificate-renewal-cases.ts';
import { requestCases, requestUpdateCases } from './certificate-request-cases.ts';
import { secretCases } from './certificate-secret-cases.ts';
import { issuerCases } from './issuer-cases.ts';
import { challengeCases, orderCases } from './order-cases.ts';
import { solverCases } from './solver-cases.ts';

export const allCases: readonly AdmissionCase[] = [
  ...certificateCases,
  ...renewalCases,
  ...secretCases,
  ...requestCases,
  ...requestUpdateCases,
  ...approvalCases,
  ...issuerCases,
  ...solverCases,
  ...orderCases,
  ...challengeCases,
];
