/** The mutating policy that says who created a CertificateRequest, whatever it claims (spec/api.md §10). */
import { certificateRequests } from '../../api/resources.ts';
import { matching, mutatingPolicy, type MutatingPolicy } from './admission-policy.ts';
import { Place } from './place.ts';

const spec = new Place('object').at('spec');

export function requesterPolicy(): MutatingPolicy {
  const patches = [
    stamp('username', "''", "variables.requester.?username.orValue('')"),
    stamp('uid', "''", "variables.requester.?uid.orValue('')"),
    stamp('groups', '[]', 'variables.requester.?groups.orValue([])'),
    stamp('extra', '{}', 'variables.requester.?extra.orValue({})'),
  ];
  // A request without a spec is refused by its schema, in better words than a patch that finds no place.
  const all = `${spec.present} ? ${patches.join(' + ')} : []`;
  return mutatingPolicy(
    'certwright-certificaterequest-identity',
    matching(certificateRequests, ['CREATE'], certificateRequests.plural),
    [{ name: 'requester', expression: 'request.userInfo' }],
    all,
  );
}

/** Sets the field, or takes away what was claimed where there is nothing to set. */
function stamp(field: string, empty: string, value: string): string {
  const path = `/spec/${field}`;
  const set = `[JSONPatch{op: 'add', path: '${path}', value: ${value}}]`;
  const remove = `[JSONPatch{op: 'remove', path: '${path}'}]`;
  return `(${value} != ${empty} ? ${set} : ${spec.at(field).present} ? ${remove} : [])`;
}
