/** Core 5.4, as Assigned Numbers 2.1 has it. */
const core54 = 0x0d;

/** What a virtual controller says about its make, to its host and to peers. Vol 4, Part E, 7.4.1. */
export const version: {
  readonly number: number;
  readonly companyIdentifier: number;
  readonly subversion: number;
} = {
  number: core54,
  // Reserved for what never leaves the house.
  companyIdentifier: 0xffff,
  subversion: 0,
};

/** BR/EDR Not Supported and LE Supported. Vol 2, Part C, 3.3. */
export const lmpFeatures: Uint8Array = Uint8Array.of(0, 0, 0, 0, 0x60, 0, 0, 0);

/**
 * Connection Parameters Request Procedure, Extended Reject Indication, Peripheral-initiated Features Exchange and LE
 * Data Packet Length Extension. Vol 6, Part B, 4.6.
 */
export const leFeatures: Uint8Array = Uint8Array.of(0x2e, 0, 0, 0, 0, 0, 0, 0);

/** Every combination of legacy advertising, scanning, initiating and connections. Vol 4, Part E, 7.8.27. */
export const leStates: Uint8Array = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0x03, 0, 0);

/** The power of every transmission, in dBm. */
export const txPower = 0;
