import { toHex } from "../../src/common/bytes.ts";
import { VirtualClock } from "../../src/common/clock.ts";
import { BleError, MalformedPduError } from "../../src/common/errors.ts";
import { insecure } from "../../src/common/security.ts";
import { AclQueue } from "../../src/hci/acl-queue.ts";
import { AclView } from "../../src/hci/acl-view.ts";
import { FixedCid } from "../../src/l2cap/channel.ts";
import { L2capLink, type L2capSetup } from "../../src/l2cap/l2cap.ts";
import { Reassembler } from "../../src/l2cap/reassembler.ts";
import { SpsmRegistry } from "../../src/l2cap/spsm-registry.ts";
import { basicFrame } from "./fragments.ts";

/** The handle of the one link. */
export const handle = 0x0040;

/** What a link that nobody can raise the security of says. */
export class PairingNotSupportedError extends BleError {
  readonly code = "PAIRING_NOT_SUPPORTED";
}

/** One link's channels between a controller that takes everything and a peer that only sends what a test says. */
export class OneLink {
  /** What the peer has received, whole PDUs as hex: header, a space, payload. */
  readonly sent: string[] = [];
  readonly acl: AclQueue;
  readonly link: L2capLink;
  readonly clock: VirtualClock = new VirtualClock();
  readonly listeners: SpsmRegistry = new SpsmRegistry();
  /** Whether the controller reports packets completed. */
  completes = true;
  readonly #reassembler = new Reassembler();

  constructor(packetOctets = 27, packets = 4, setup: Partial<L2capSetup> = {}) {
    this.acl = new AclQueue((packet) => {
      this.#take(packet);
    });
    this.acl.begin({ packetOctets, packets });
    this.link = new L2capLink({
      acl: this.acl,
      connectionHandle: handle,
      role: "peripheral",
      clock: this.clock,
      security: insecure(() => new PairingNotSupportedError()),
      listeners: this.listeners,
      parametersRequested: () => undefined,
      ...setup,
    });
  }

  /** The peer sends a PDU. Malformed ones come back as the error that HCI would be told. */
  receive(cid: number, payload: Uint8Array): MalformedPduError | undefined {
    const frame = basicFrame(cid, payload);
    try {
      this.link.receiveAcl(false, frame);
      return undefined;
    } catch (error) {
      if (error instanceof MalformedPduError) return error;
      throw error;
    } finally {
      frame.fill(0xee); // it was only lent
      if (this.completes) this.complete();
    }
  }

  /** The same on the signalling channel; returns what it is answered, without the Basic header. */
  signal(command: Uint8Array): string[] {
    this.receive(FixedCid.Signaling, command);
    return this.sent.splice(0).map((pdu) => pdu.replace(/^....0500 /, ""));
  }

  /** Reports all packets completed, and those sent because of it, until none is left. */
  complete(): void {
    while (this.acl.free < this.acl.buffers.packets) this.acl.completed(handle, 1);
  }

  #take(packet: Uint8Array): void {
    const { continues, payload } = AclView.over(packet);
    const pdu = this.#reassembler.push(continues, payload);
    if (pdu) this.sent.push(`${toHex(pdu.subarray(0, 4))} ${toHex(pdu.subarray(4))}`);
  }
}
