/** The values of Kubernetes' CEL libraries. */
import { Optional } from '@marcbachmann/cel-js';

export class Url {
  readonly url: URL;
  readonly scheme: string;
  readonly path: string;

  constructor(text: string) {
    const relative = text.startsWith('/');
    this.url = relative ? new URL(text, 'http://h') : new URL(text);
    this.scheme = relative ? '' : this.url.protocol.slice(0, -1);
    // WHATWG URLs give an empty path a slash; Go does not.
    this.path = this.url.pathname === '/' && !/^[^/]*\/\/[^/]*\/|^\//.test(text) ? '' : this.url.pathname;
  }
}

export class Ip {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export class Cidr {
  readonly base: string;
  readonly bits: number;

  constructor(base: string, bits: number) {
    this.base = base;
    this.bits = bits;
  }
}

/** A named format: `validate` answers nothing when the text fits, otherwise the problems. */
export class Format {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  validate(fits: boolean): Optional<string[]> {
    return fits ? Optional.none() : Optional.of([`must be a valid ${this.name}`]);
  }
}

/** A Kubernetes quantity as a scaled integer, so that comparison is exact. */
export class Quantity {
  /** In units of 10^-9. */
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}
