import { Address } from "../../src/common/address.ts";

/** A device address as packets carry it. Vol 6, Part B, 1.3. */
export interface DeviceAddress {
  /** 0 public, 1 random; 0xff: an anonymous advertiser, which has none. */
  readonly type: number;
  /** The 48 bits as a number. */
  readonly value: number;
}

/** Own_Address_Type. Vol 4, Part E, 7.8.5. */
export const OwnAddressType = { Public: 0, Random: 1, ResolvableOrPublic: 2, ResolvableOrRandom: 3 } as const;

/** What stands for the address of an advertiser that sends none. Vol 4, Part E, 7.7.65.13. */
export const anonymous: DeviceAddress = { type: 0xff, value: 0 };

/** One number for each address, to compare and to be a key; -1 for {@link anonymous}. Less than 2 to the power of 49. */
export function addressKey({ type, value }: DeviceAddress): number {
  return type === anonymous.type ? -1 : value * 2 + (type & 1);
}

/** Whether both are the same device. */
export function sameAddress(a: DeviceAddress, b: DeviceAddress): boolean {
  return a.value === b.value && a.type === b.type;
}

/**
 * The public address a program chose, or one made from `index`, locally administered so that no real device has it.
 *
 * @throws {@link RangeError} A random address: a controller has none until its host sets one.
 */
export function publicAddress(wanted: Address | string | number | undefined, index: number): Address {
  if (wanted === undefined) return new Address("public", 0x02_00_00_00_00_00 + index);
  const address = typeof wanted === "number" ? new Address("public", wanted) : Address.from(wanted);
  if (address.type !== "public")
    throw new RangeError(`a controller's own address is public: ${address.toString()}`);
  return address;
}
