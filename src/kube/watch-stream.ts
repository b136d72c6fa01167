/** Newline-delimited JSON, as watches send it: bounded lines, safe against characters split between chunks. */
import { ProtocolError } from './errors.ts';

const newline = 0x0a;

/**
 * Yields one parsed value per line; empty lines are skipped, a last line without newline counts (a cut stream shows as
 * a ProtocolError then, unless the line happens to be whole). Bytes are only decoded once their line is complete, so
 * that UTF-8 sequences may be split anywhere.
 *
 * `instead` sees the bytes of each line that has its newline; what it answers is yielded and the line not parsed.
 *
 * Rejects with ProtocolError on a line that is not JSON or is longer than `maxLineBytes`.
 */
export async function* decodeLines(
  chunks: AsyncIterable<Buffer>,
  maxLineBytes: number,
  instead: (line: Buffer) => unknown = () => undefined,
): AsyncGenerator {
  let partial: Buffer[] = [];
  let partialBytes = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      let line = chunk.subarray(start, end);
      if (partialBytes > 0) {
        partial.push(line);
        line = Buffer.concat(partial);
        partial = [];
        partialBytes = 0;
      }
      start = end + 1;
      if (line.length > 1) yield instead(line) ?? parse(line.toString('utf8'));
    }
    if (start < chunk.length) {
      const rest = chunk.subarray(start);
      partial.push(rest);
      partialBytes += rest.length;
      if (partialBytes > maxLineBytes)
        throw new ProtocolError(`the API server sent a watch event of more than ${maxLineBytes} bytes`);
    }
  }
  if (partialBytes > 0) yield parse(Buffer.concat(partial).toString('utf8'));
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    // The line may hold a Secret: it is not quoted.
    throw new ProtocolError(
      `the API server sent a watch event that is not JSON (${line.length} characters)`,
      {
        cause: cause instanceof SyntaxError ? undefined : cause,
      },
    );
  }
}
