import { u16At } from "../../src/common/bytes.ts";
import type { Command } from "../../src/hci/command.ts";
import { Reset } from "../../src/hci/commands/controller-baseband.ts";
import { LeSetAdvertisingEnable } from "../../src/hci/commands/le-advertising.ts";
import { LeCreateConnection } from "../../src/hci/commands/le-connection.ts";
import {
  LeRemoveAdvertisingSet,
  LeSetExtendedAdvertisingEnable,
} from "../../src/hci/commands/le-extended-advertising.ts";
import { LeExtendedCreateConnection } from "../../src/hci/commands/le-extended-connection.ts";
import { LeSetExtendedScanEnable } from "../../src/hci/commands/le-extended-scanning.ts";
import { LeSetScanEnable } from "../../src/hci/commands/le-scanning.ts";
import { CommandComplete, CommandStatus } from "../../src/hci/events/flow.ts";
import { LeAdvertisingSetTerminated } from "../../src/hci/events/le-advertising.ts";
import { LeConnectionComplete, LeEnhancedConnectionComplete } from "../../src/hci/events/le-connection.ts";
import { PacketType } from "../../src/hci/packet.ts";
import type { WatchedTransport } from "./watched-transport.ts";

/** Parameters of a command, or of an event behind its code. */
const commandHeader = 4;
const peripheralRole = 1;

/**
 * What a controller is at, as its packets tell: known apart from the host, so that a test can compare what the host
 * believes. Vol 4, Part E, 7.7 and 7.8.
 */
export class ToldController {
  /** The sets that advertise; 0 is legacy advertising. */
  readonly advertising: Set<number> = new Set();
  scanning = false;
  initiating = false;
  readonly #asked = new Map<number, Uint8Array>();

  constructor(transport: WatchedTransport) {
    transport.onPacket = (packet, toHost) => {
      if (toHost) this.#event(packet);
      else if (packet[0] === PacketType.Command) this.#asked.set(u16At(packet, 1), packet.slice());
      return packet;
    };
  }

  #event(packet: Uint8Array): void {
    if (packet[0] !== PacketType.Event) return;
    if (packet[1] === CommandComplete.code && packet[6] === 0) this.#did(u16At(packet, 4));
    if (packet[1] === CommandStatus.code && packet[3] === 0) this.#did(u16At(packet, 5));
    if (packet[1] === LeConnectionComplete.code) this.#leEvent(packet.subarray(3));
  }

  /** @param event - From the subevent code on. */
  #leEvent([subevent, status, set = 0, , role]: Uint8Array): void {
    const { subevent: terminated } = LeAdvertisingSetTerminated;
    if (subevent === terminated) this.advertising.delete(set);
    const made = [LeConnectionComplete.subevent, LeEnhancedConnectionComplete.subevent];
    if (subevent === undefined || !made.includes(subevent)) return;
    // Legacy advertising ends with the link that comes of it; a set is told of by an event of its own.
    if (status !== 0 || role !== peripheralRole) this.initiating = false;
    else if (this.#asked.has(LeSetAdvertisingEnable.opcode)) this.advertising.clear();
  }

  #did(opcode: number): void {
    const asked = this.#asked.get(opcode);
    if (!asked) return;
    const [on = 0, count = 0] = asked.subarray(commandHeader);
    const is = (...commands: readonly Pick<Command<never, never>, "opcode">[]): boolean =>
      commands.some((command) => command.opcode === opcode);
    if (is(Reset)) {
      this.advertising.clear();
      this.scanning = this.initiating = false;
    } else if (is(LeSetScanEnable, LeSetExtendedScanEnable)) this.scanning = on === 1;
    else if (is(LeCreateConnection, LeExtendedCreateConnection)) this.initiating = true;
    else if (is(LeRemoveAdvertisingSet)) this.advertising.delete(on);
    else if (is(LeSetAdvertisingEnable)) this.#advertises(0, on === 1);
    else if (is(LeSetExtendedAdvertisingEnable)) {
      for (let set = 0; set < count; set++) {
        this.#advertises(asked[commandHeader + 2 + 4 * set] ?? 0, on === 1);
      }
    }
  }

  #advertises(set: number, on: boolean): void {
    if (on) this.advertising.add(set);
    else this.advertising.delete(set);
  }
}
