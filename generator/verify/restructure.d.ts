/** Types for the used part of restructure. The library has no types of its own. */
declare module 'restructure' {
  export class DecodeStream {
    constructor(buffer: Uint8Array);
    pos: number;
    readUInt32LE(): number;
    readUInt32BE(): number;
  }

  export interface Decoder<T> {
    decode(stream: DecodeStream): T;
  }

  export interface FixedDecoder<T> extends Decoder<T> {
    /** In bytes. */
    size(): number;
  }

  export const uint8: FixedDecoder<number>;
  export const uint16le: FixedDecoder<number>;
  export const uint16be: FixedDecoder<number>;
  export const uint32le: FixedDecoder<number>;
  export const uint32be: FixedDecoder<number>;

  export class Struct<F extends Record<string, FixedDecoder<unknown>>>
    implements FixedDecoder<{ [K in keyof F]: ReturnType<F[K]['decode']> }>
  {
    constructor(fields: F);
    decode(stream: DecodeStream): { [K in keyof F]: ReturnType<F[K]['decode']> };
    size(): number;
  }

  class List<T> implements Decoder<T[]> {
    constructor(type: FixedDecoder<T>, length: number);
    decode(stream: DecodeStream): T[];
  }

  export { List as Array };

  /** Bytes that are skipped. */
  export class Reserved implements FixedDecoder<undefined> {
    constructor(type: FixedDecoder<unknown>, count: number);
    decode(stream: DecodeStream): undefined;
    size(): number;
  }

  /** A string. If the length is `null`, the string ends at its first zero byte. */
  class CString implements Decoder<string> {
    constructor(length: null, encoding: 'utf8');
    decode(stream: DecodeStream): string;
  }

  export { CString as String };
}
