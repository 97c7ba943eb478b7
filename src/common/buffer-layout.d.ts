/** The part of buffer-layout 1.2 that struct.ts uses; the package ships no types of its own. */
declare module "buffer-layout" {
  export class Layout<T> {
    constructor(span: number, property?: string);
    /** Octets the layout takes, or -1 when that depends on the value. */
    span: number;
    property: string | undefined;
    decode(octets: Uint8Array, offset?: number): T;
    encode(value: T, octets: Uint8Array, offset?: number): number;
    getSpan(octets?: Uint8Array, offset?: number): number;
    replicate(property: string): this;
  }

  export function u8(property?: string): Layout<number>;
  export function u16(property?: string): Layout<number>;
  export function u24(property?: string): Layout<number>;
  export function u32(property?: string): Layout<number>;
  export function u48(property?: string): Layout<number>;
  export function s8(property?: string): Layout<number>;
  export function s16(property?: string): Layout<number>;
}
