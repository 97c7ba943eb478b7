import { Address } from "../../src/common/address.ts";

const types: Readonly<Record<number, string>> = {
  0x00: "public",
  0x01: "random",
  0x02: "public identity",
  0x03: "random identity",
  0xfe: "random, not resolved",
  0xff: "anonymous",
};

/** Whether a field of this name holds a device address of 48 bits. */
export function isAddress(field: string): boolean {
  return (/address$/i.test(field) && field !== "accessAddress") || field === "bdAddr";
}

/** `C0:FF:EE:00:00:01`. */
export function addressDigits(value: number): string {
  return new Address("public", value).digits;
}

/** The address types of HCI in words. Vol 4, Part E, 7.7.65.2. */
export function addressTypeName(type: number): string {
  return types[type] ?? `type ${type}`;
}
