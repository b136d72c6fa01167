import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Dispatcher } from 'undici';
import { exchange } from './exchange.ts';

/** Sends chunks in the caller's turn, and stops and goes on in the turn in which it is told to. */
class Eager extends Dispatcher implements Dispatcher.DispatchController {
  aborted = false;
  paused = false;
  reason = null;
  #left: number;
  #handler: Dispatcher.DispatchHandler | undefined;

  constructor(chunks: number) {
    super();
    this.#left = chunks;
  }
  override dispatch(_options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    this.#handler = handler;
    handler.onRequestStart?.(this, undefined);
    handler.onResponseStart?.(this, 200, {}, '');
    this.#send();
    return true;
  }
  pause(): void {
    this.paused = true;
  }
  resume(): void {
    this.paused = false;
    this.#send();
  }
  abort(): void {
    this.aborted = true;
  }
  #send(): void {
    while (!this.paused && this.#left > 0) {
      this.#left--;
      this.#handler?.onResponseData?.(this, Buffer.alloc(100_000));
      if (this.#left === 0) this.#handler?.onResponseEnd?.(this, {});
    }
  }
}

test(
  'a body that goes on in the turn in which it is resumed is read to its end',
  { timeout: 5_000 },
  async () => {
    const request = {
      origin: 'http://in-process',
      path: '/',
      method: 'GET',
      headers: {},
      headersTimeoutMs: 0,
      bodyTimeoutMs: 0,
    } as const;
    const answer = await exchange(new Eager(50), request);
    let bytes = 0;
    for await (const chunk of answer.chunks()) bytes += chunk.length;
    assert.equal(bytes, 5_000_000);
  },
);
