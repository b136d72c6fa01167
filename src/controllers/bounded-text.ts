/** Text from outside on its way into a condition: bounded, because conditions are stored, watched and printed. */

/** Longer than anything written for people; a condition is not the place for a page of HTML. */
const longest = 4_096;

/** `text`, cut with an ellipsis when it is longer than a condition should hold; never inside a surrogate pair. */
export function boundedText(text: string): string {
  if (text.length <= longest) return text;
  return `${text.slice(0, longest - 3).replace(/[\uD800-\uDBFF]$/u, '')}...`;
}
