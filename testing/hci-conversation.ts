import fc from "fast-check";
import { concat, putU16 } from "../src/common/bytes.ts";
import { type Command, encodeCommand } from "../src/hci/command.ts";
import { Reset, SetEventMask } from "../src/hci/commands/controller-baseband.ts";
import {
  LeSetAdvertisingData,
  LeSetAdvertisingEnable,
  LeSetAdvertisingParameters,
} from "../src/hci/commands/le-advertising.ts";
import { LeReadBufferSize, LeSetEventMask } from "../src/hci/commands/le-controller.ts";
import { Disconnect } from "../src/hci/commands/link-control.ts";
import { encodeEvent, type Event } from "../src/hci/event.ts";
import { CommandComplete, CommandStatus, NumberOfCompletedPackets } from "../src/hci/events/flow.ts";
import { LeConnectionComplete } from "../src/hci/events/le-connection.ts";
import { DisconnectionComplete } from "../src/hci/events/link.ts";
import { PacketBoundary } from "../src/hci/acl-view.ts";
import { PacketType } from "../src/hci/packet.ts";
import { Status } from "../src/hci/status.ts";
import type { HciPacket } from "./conversation.ts";
import { codec } from "./codecs.ts";
import { octetsUpTo } from "./values.ts";

/**
 * Whole HCI conversations of a peripheral: start-up, advertising, a connection, data both ways with the buffers given
 * back, and its end. Vol 4, Part E, 4.1, 4.4 and 7.
 */
export const hciConversations: fc.Arbitrary<readonly HciPacket[]> = fc
  .record({
    advertising: validOf(LeSetAdvertisingParameters),
    data: validOf(LeSetAdvertisingData),
    buffers: fc.record({
      aclDataPacketLength: fc.integer({ min: 27, max: 251 }),
      totalNumAclDataPackets: fc.integer({ min: 1, max: 12 }),
    }),
    connection: validOf(LeConnectionComplete),
    connectionHandle: fc.integer({ min: 0, max: 0x0eff }),
    pdus: fc.array(fc.record({ fromHost: fc.boolean(), pdu: octetsUpTo(300) }), {
      maxLength: 6,
    }),
  })
  .map(({ advertising, data, buffers, connection, connectionHandle, pdus }) => {
    const conversation = new HciConversation(connectionHandle, buffers.aclDataPacketLength);
    conversation.run(Reset, {}, {});
    conversation.run(SetEventMask, { eventMask: 0x2000_1fff_ffff_ffffn }, {});
    conversation.run(LeSetEventMask, { eventMask: 0x1fn }, {});
    conversation.run(LeReadBufferSize, {}, buffers);
    conversation.run(LeSetAdvertisingParameters, advertising, {});
    conversation.run(LeSetAdvertisingData, data, {});
    conversation.run(LeSetAdvertisingEnable, { advertisingEnable: true }, {});
    conversation.happens(LeConnectionComplete, { ...connection, status: 0, connectionHandle, role: 1 });
    for (const { fromHost, pdu } of pdus) conversation.carry(fromHost, pdu);
    conversation.run(Disconnect, { connectionHandle, reason: Status.RemoteUserTerminatedConnection }, {});
    conversation.happens(DisconnectionComplete, {
      status: 0,
      connectionHandle,
      reason: Status.ConnectionTerminatedByLocalHost,
    });
    return conversation.packets;
  });

/** The valid parameters of a command or event, of which the registry of codecs has lost the type. */
function validOf<T>({ name }: Command<T, unknown> | Event<T>): fc.Arbitrary<T> {
  return codec(name).valid as fc.Arbitrary<T>;
}

class HciConversation {
  readonly packets: HciPacket[] = [];
  readonly #connectionHandle: number;
  readonly #aclOctets: number;

  constructor(connectionHandle: number, aclOctets: number) {
    this.#connectionHandle = connectionHandle;
    this.#aclOctets = aclOctets;
  }

  run<P, R>(command: Command<P, R>, parameters: P, returns: R): void {
    this.packets.push({ from: "host", packet: encodeCommand(command, parameters) });
    const answer = { numHciCommandPackets: 1, commandOpcode: command.opcode };
    if (!command.returns) {
      this.happens(CommandStatus, { ...answer, status: 0 });
      return;
    }
    const returnParameters = command.returns.encode(returns, Uint8Array.of(0));
    this.happens(CommandComplete, { ...answer, returnParameters });
  }

  happens<T>(event: Event<T>, parameters: T): void {
    this.packets.push({ from: "controller", packet: encodeEvent(event, parameters) });
  }

  /** One PDU on the ATT channel in as many packets as it needs. */
  carry(fromHost: boolean, pdu: Uint8Array): void {
    const frame = concat(Uint8Array.of(pdu.length, pdu.length >> 8, 0x04, 0x00), pdu);
    for (let at = 0; at < frame.length; at += this.#aclOctets) {
      const first = fromHost ? PacketBoundary.FirstNonFlushable : PacketBoundary.FirstFlushable;
      const payload = frame.subarray(at, at + this.#aclOctets);
      const head = Uint8Array.of(PacketType.AclData, 0, 0, payload.length, payload.length >> 8);
      putU16(head, 1, this.#connectionHandle | ((at === 0 ? first : PacketBoundary.Continuing) << 12));
      this.packets.push({ from: fromHost ? "host" : "controller", packet: concat(head, payload) });
      if (!fromHost) continue;
      const handles = [{ connectionHandle: this.#connectionHandle, numCompletedPackets: 1 }];
      this.happens(NumberOfCompletedPackets, { handles });
    }
  }
}
