/** `cert-manager.io/secret-template`: strict JSON of two maps (spec/shims-webhook-cainjector.md §7). */
import { reservedAnnotationPrefix } from '../../api/annotations.ts';
import type { SecretTemplate } from '../../api/certificate.ts';

const most = 64;

/** Undefined when both maps are empty. `refuse` is told why the text is no template. */
export function secretTemplateOf(
  text: string,
  refuse: (problem: string) => never,
): SecretTemplate | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    refuse('the value is no JSON; write {"annotations":{},"labels":{}}');
  }
  const template = mapOf(parsed, 'the template', refuse);
  for (const key of template.keys())
    if (key !== 'annotations' && key !== 'labels')
      refuse(`unknown field "${key.slice(0, most)}"; there are annotations and labels`);
  const annotations = texts(template.get('annotations'), 'annotations', refuse);
  const labels = texts(template.get('labels'), 'labels', refuse);
  for (const key of annotations.keys())
    if (key.startsWith(reservedAnnotationPrefix))
      refuse(`secretTemplate must not have ${reservedAnnotationPrefix} annotations: "${key.slice(0, most)}"`);
  if (annotations.size === 0 && labels.size === 0) return undefined;
  return {
    ...(annotations.size === 0 ? {} : { annotations: Object.fromEntries(annotations) }),
    ...(labels.size === 0 ? {} : { labels: Object.fromEntries(labels) }),
  };
}

function texts(value: unknown, what: string, refuse: (problem: string) => never): Map<string, string> {
  const found = new Map<string, string>();
  if (value === undefined || value === null) return found;
  for (const [key, each] of mapOf(value, what, refuse)) {
    if (typeof each !== 'string') refuse(`${what} "${key.slice(0, most)}" is no text`);
    found.set(key, each);
  }
  return found;
}

function mapOf(value: unknown, what: string, refuse: (problem: string) => never): Map<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    refuse(`${what} is no JSON object`);
  return new Map(Object.entries(value));
}
