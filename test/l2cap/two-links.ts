import { VirtualClock } from "../../src/common/clock.ts";
import type { BleError } from "../../src/common/errors.ts";
import { AclQueue } from "../../src/hci/acl-queue.ts";
import { AclView } from "../../src/hci/acl-view.ts";
import { L2capLink } from "../../src/l2cap/l2cap.ts";
import { SpsmRegistry } from "../../src/l2cap/spsm-registry.ts";
import { SettableSecurity } from "./scripted.ts";

const handle = 0x0001;

/** One side of {@link TwoLinks}. */
export interface Side {
  readonly acl: AclQueue;
  readonly link: L2capLink;
  readonly listeners: SpsmRegistry;
  readonly security: SettableSecurity;
  /** Packets that the controller has and the peer has not. */
  readonly air: Uint8Array[];
}

/** The size of the controllers' buffers. */
export interface Buffers {
  readonly packetOctets: number;
  readonly packets: number;
}

/** Two links that are the two sides of one, with nothing but ACL packets between them, which move when told to. */
export class TwoLinks {
  readonly clock: VirtualClock = new VirtualClock();
  readonly central: Side;
  readonly peripheral: Side;
  lost = false;

  constructor(central: Buffers = { packetOctets: 251, packets: 8 }, peripheral: Buffers = central) {
    this.central = this.#side("central", central);
    this.peripheral = this.#side("peripheral", peripheral);
  }

  /** Moves up to `most` packets from that side to the other, each acknowledged by the controller. */
  move(from: Side, most: number = Number.POSITIVE_INFINITY): number {
    const to = from === this.central ? this.peripheral : this.central;
    let moved = 0;
    while (moved < most && !this.lost) {
      const packet = from.air.shift();
      if (!packet) break;
      moved++;
      const view = AclView.over(packet);
      to.link.receiveAcl(view.continues, view.payload);
      packet.fill(0xee); // it was only lent
      from.acl.completed(handle, 1);
    }
    return moved;
  }

  /** Moves packets, one from each side in turn, until there is none. */
  settle(): void {
    while (this.move(this.central, 1) + this.move(this.peripheral, 1) > 0);
  }

  /** The link is gone. */
  lose(reason: BleError): void {
    this.lost = true;
    this.central.link.close(reason);
    this.peripheral.link.close(reason);
  }

  #side(role: "central" | "peripheral", buffers: Buffers): Side {
    const air: Uint8Array[] = [];
    const acl = new AclQueue((packet) => air.push(packet.slice()));
    acl.begin(buffers);
    const [listeners, security] = [new SpsmRegistry(), new SettableSecurity()];
    const link = new L2capLink({
      acl,
      connectionHandle: handle,
      role,
      clock: this.clock,
      security,
      listeners,
      parametersRequested: (_, answer) => {
        answer(true);
      },
    });
    return { acl, link, listeners, security, air };
  }
}
