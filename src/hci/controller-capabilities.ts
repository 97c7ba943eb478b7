import { supportedCommandBit } from "./supported-commands.ts";

/** Bits of the LE feature mask. Vol 6, Part B, 4.6. */
const LeFeature = { DataPacketLengthExtension: 5 } as const;

/** Bits of page 0 of the LMP feature mask. Vol 2, Part C, 3.3. */
const LmpFeature = { BrEdrNotSupported: 37 } as const;

/** What the controller can do, decided here and nowhere else, from the two masks it reports. */
export class ControllerCapabilities {
  readonly #commands: Uint8Array;
  readonly #lmpFeatures: Uint8Array;
  readonly #leFeatures: Uint8Array;

  /** *Owns* its arguments. */
  constructor(supportedCommands: Uint8Array, lmpFeatures: Uint8Array, leFeatures: Uint8Array) {
    this.#commands = supportedCommands;
    this.#lmpFeatures = lmpFeatures;
    this.#leFeatures = leFeatures;
  }

  /** Whether the controller says it knows the command. Vol 4, Part E, 6.27. */
  supports(command: { readonly opcode: number }): boolean {
    const bit = supportedCommandBit(command.opcode);
    return bit !== undefined && hasBit(this.#commands, bit);
  }

  get supportsBrEdr(): boolean {
    return !hasBit(this.#lmpFeatures, LmpFeature.BrEdrNotSupported);
  }

  get supportsDataLengthExtension(): boolean {
    return hasBit(this.#leFeatures, LeFeature.DataPacketLengthExtension);
  }
}

function hasBit(octets: Uint8Array, bit: number): boolean {
  return (((octets[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1;
}
