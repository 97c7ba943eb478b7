type Name =
  "short" | "long" | "refused" | "written" | "commanded" | "notified" | "indicated" | "secret" | "level";
type Valued = "short" | "long" | "secret" | "level" | "description";

export const service: string;
export const battery: string;
export const uuid: Readonly<Record<Name, string>>;
export const value: Readonly<Record<Valued, Uint8Array>>;
export const refusal: number;
export const services: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
