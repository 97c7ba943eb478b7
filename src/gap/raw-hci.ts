import { EventEmitter } from "node:events";
import { requireOctets } from "../common/bytes.ts";
import { type CallOptions, promised } from "../common/promised.ts";
import type { Turn } from "../common/turn.ts";
import { type Octets, rawCommand } from "../hci/command.ts";
import { leMetaEventCode } from "../hci/event.ts";
import type { Hci } from "../hci/hci.ts";

/** An event of the controller that the host has no use for. */
export interface RawEvent {
  readonly code: number;
  /** Of LE Meta events. */
  readonly subevent: number | undefined;
  /** What stands behind the code, or the subevent code. *Owned* by the program. */
  readonly parameters: Uint8Array;
}

/** What the program can observe of the controller beside what the host makes of it. */
export interface RawHciEvents {
  /** An event of the controller's maker (0xFF). Vol 4, Part E, 5.4.4. */
  vendorEvent: [parameters: Uint8Array];
  /** Any other event that the host does not know, or did not ask for. */
  unknownEvent: [event: RawEvent];
}

const vendorEventCode = 0xff;
const mostParameters = 255;

/** The controller itself: `host.hci`, for commands and events that the host has no part in. */
export class RawHci extends EventEmitter<RawHciEvents> {
  readonly #hci: Hci;
  readonly #turn: Turn;

  /** Made with the host. */
  constructor(hci: Hci, turn: Turn) {
    super();
    this.#hci = hci;
    this.#turn = turn;
  }

  /**
   * Sends a command and waits for its Command Complete, or for its Command Status. A command that the host sends itself
   * may upset what it believes: those of the maker (OGF 0x3F) do not.
   *
   * @param opcode - OGF in the upper six bits, OCF in the lower ten.
   * @param parameters - 0 to 255 octets.
   * @returns What came back behind the status octet, *owned*; nothing where Command Status answered.
   * @throws {@link HciError} The controller refused.
   * @throws {@link RangeError} The opcode has more than 16 bits, or there are too many parameters.
   */
  async send(
    opcode: number,
    parameters: Uint8Array = new Uint8Array(0),
    options: CallOptions = {},
  ): Promise<Uint8Array> {
    const command = rawCommand(opcode);
    requireOctets(parameters);
    if (parameters.length > mostParameters) {
      throw new RangeError(`parameters: ${parameters.length} octets are more than ${mostParameters}`);
    }
    const { octets } = await promised<Octets>((done) => {
      this.#turn.run(() => {
        this.#hci.send(command, { octets: parameters }, (outcome) => {
          // What a command returns is borrowed until its turn ends.
          done(outcome instanceof Error ? outcome : { octets: outcome.octets.slice() });
        });
      });
    }, options);
    return octets;
  }

  /** @internal For the host: `packet` is *borrowed*. */
  event(packet: Uint8Array): void {
    const code = packet[1] ?? 0;
    if (code === vendorEventCode) {
      if (this.listenerCount("vendorEvent") === 0) return;
      const parameters = packet.slice(3);
      this.#turn.defer(() => this.emit("vendorEvent", parameters));
      return;
    }
    if (this.listenerCount("unknownEvent") === 0) return;
    const isMeta = code === leMetaEventCode;
    const parameters = packet.slice(isMeta ? 4 : 3);
    const subevent = isMeta ? packet[3] : undefined;
    this.#turn.defer(() => this.emit("unknownEvent", { code, subevent, parameters }));
  }
}
