import { type Channel, ChannelRefusedError, type Host, SpsmTakenError } from "../index.ts";
import { _IRQ_L2CAP_ACCEPT, _IRQ_L2CAP_DISCONNECT } from "./constants.ts";
import type { Irq } from "./irq.ts";
import { L2capChannel } from "./l2cap-channel.ts";
import type { Links } from "./links.ts";
import { OSError, requireWithin, statusOf } from "./os-error.ts";

const mostPsm = 0xff;
const leastMtu = 23;
const mostMtu = 0xffff;
/** Octets of a K-frame that one packet of the radio carries. */
const radioMps = 247;
/** Octets of the length in front of an SDU. Vol 3, Part A, 3.4.3. */
const sduLengthSize = 2;

/** The `l2cap_*` methods. There may be as many channels as the links have room for, and listening beside them. */
export class L2cap {
  readonly #host: Host;
  readonly #links: Links;
  readonly #irq: Irq;
  readonly #channels = new Map<string, L2capChannel>();

  constructor(host: Host, links: Links, irq: Irq) {
    this.#host = host;
    this.#links = links;
    this.#irq = irq;
  }

  /** @throws {@link OSError} EALREADY: somebody listens there already. */
  listen(psm: number, mtu: number): void {
    requireWithin("psm", psm, 1, mostPsm);
    requireWithin("mtu", mtu, leastMtu, mostMtu);
    void this.#take(this.#listener(psm, mtu));
  }

  connect(conn_handle: number, psm: number, mtu: number): void {
    const connection = this.#links.get(conn_handle);
    requireWithin("psm", psm, 1, mostPsm);
    requireWithin("mtu", mtu, leastMtu, mostMtu);
    connection.openChannel({ spsm: psm, ...limits(mtu) }).then(
      (channel) => {
        this.#adopt(channel);
      },
      (error: unknown) => {
        const status = error instanceof ChannelRefusedError ? error.result : statusOf(error);
        this.#irq.deliverInTurn(_IRQ_L2CAP_DISCONNECT, [conn_handle, 0, psm, status]);
      },
    );
  }

  /** @throws {@link OSError} EINVAL: there is no such channel. */
  get(conn_handle: number, cid: number): L2capChannel {
    const channel = this.#channels.get(keyOf(conn_handle, cid));
    if (channel) return channel;
    throw new OSError("EINVAL", `connection ${conn_handle} has no channel ${cid}`);
  }

  #listener(psm: number, mtu: number): AsyncIterable<Channel> {
    try {
      return this.#host.listen({
        spsm: psm,
        ...limits(mtu),
        enhanced: false,
        accept: ({ connection, localCids: [cid = 0], peerMtu }) =>
          accepts(this.#irq.ask(_IRQ_L2CAP_ACCEPT, [connection.handle, cid, psm, mtu, peerMtu])),
      });
    } catch (error) {
      if (!(error instanceof SpsmTakenError)) throw error;
      throw new OSError("EALREADY", `psm: ${psm} is listened to already`, { cause: error });
    }
  }

  async #take(listener: AsyncIterable<Channel>): Promise<void> {
    try {
      for await (const channel of listener) this.#adopt(channel);
    } catch {
      // The controller is lost, which the host tells; nothing is listened to any more.
    }
  }

  #adopt(channel: Channel): void {
    const key = keyOf(channel.connection.handle, channel.localCid);
    const mine = new L2capChannel(channel, this.#irq, () => {
      if (this.#channels.get(key) === mine) this.#channels.delete(key);
    });
    if (!channel.closeReason) this.#channels.set(key, mine);
  }
}

/** Room for one of the longest SDUs: what comes ahead of the program's reading it. */
function limits(mtu: number): {
  readonly mtu: number;
  readonly mps: number;
  readonly initialCredits: number;
} {
  const mps = Math.min(radioMps, mtu + sduLengthSize);
  return { mtu, mps, initialCredits: Math.ceil((mtu + sduLengthSize) / mps) };
}

/** Anything but a number other than 0, or a claim, is consent. */
function accepts(answer: unknown): boolean {
  return typeof answer !== "number" || answer === 0;
}

function keyOf(conn_handle: number, cid: number): string {
  return `${conn_handle}/${cid}`;
}
