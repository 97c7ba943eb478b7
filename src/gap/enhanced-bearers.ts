import { enhancedBearerSpsm, leastEnhancedMtu } from "../att/enhanced-channel.ts";
import { BleError } from "../common/errors.ts";
import { Priority } from "../common/priority.ts";
import { openEnhancedBearer } from "../gatt/att-bearers.ts";
import type { ChannelUser } from "../l2cap/channel.ts";
import type { CreditChannel, IncomingChannels } from "../l2cap/credit-channel.ts";
import { ConnectionResult } from "../l2cap/signaling-pdu.ts";
import type { AssembledLink, LinkSetup } from "./link-assembly.ts";

/** Server Supported Features, and the bit of it for Enhanced ATT bearers. Vol 3, Part G, 7.4. */
const serverSupportedFeatures = 0x2b3a;
const supportsEnhancedBearers = 0x01;

/**
 * Enhanced ATT bearers: taken from peers on every link, and opened by the central once a link is encrypted and the
 * server says that it takes them. Where a peer has none the fixed channel does alone. Vol 3, Part G, 5.3 and 5.4.
 */
export class EnhancedBearers {
  readonly #setup: LinkSetup;
  readonly #linkOf: (handle: number) => AssembledLink | undefined;
  readonly #count = new Map<AssembledLink, number>();
  readonly #asked = new WeakSet<AssembledLink>();

  constructor(setup: LinkSetup, linkOf: (handle: number) => AssembledLink | undefined) {
    this.#setup = setup;
    this.#linkOf = linkOf;
    if (setup.att.enhancedBearers === 0) return;
    setup.listeners.register({
      ...this.#limits,
      spsm: enhancedBearerSpsm,
      enhanced: true,
      security: { encrypted: true },
      requested: (request) => {
        this.#requested(request);
      },
    });
  }

  /** A link has come up. */
  watch(link: AssembledLink): void {
    const { enhancedBearers } = this.#setup.att;
    if (enhancedBearers === 0 || link.connection.role !== "central") return;
    link.pairing.manager.onChange(({ encrypted }) => {
      if (!encrypted || this.#asked.has(link)) return;
      this.#asked.add(link);
      this.#open(link, enhancedBearers).catch((error: unknown) => {
        // Refused, or gone meanwhile: the fixed bearer does as it did before.
        if (!(error instanceof BleError)) throw error;
      });
    });
  }

  get #limits(): { readonly mtu: number; readonly priority: Priority } {
    return { mtu: Math.max(leastEnhancedMtu, this.#setup.att.mtu), priority: Priority.Attribute };
  }

  async #open(link: AssembledLink, count: number): Promise<void> {
    const [features] = await link.connection.gatt.readByUuid(serverSupportedFeatures);
    if (((features?.value[0] ?? 0) & supportsEnhancedBearers) === 0) return;
    const request = { ...this.#limits, spsm: enhancedBearerSpsm, enhanced: true, count };
    this.#setup.turn.run(() => {
      link.l2cap.openChannels(
        request,
        (channel) => this.#attach(link, channel),
        () => undefined,
      );
    });
  }

  #requested(request: IncomingChannels): void {
    const link = this.#linkOf(request.connectionHandle);
    const room = this.#setup.att.enhancedBearers - (link ? (this.#count.get(link) ?? 0) : 0);
    if (!link || room <= 0) request.refuse(ConnectionResult.NoResources);
    else request.accept((channel) => this.#attach(link, channel), Math.min(room, request.count));
  }

  /** The channel's user: the bearer, which has dealt with an SDU when it has received it. */
  #attach(link: AssembledLink, channel: CreditChannel): ChannelUser {
    const { clock, att } = this.#setup;
    const { served, connection } = link;
    this.#count.set(link, (this.#count.get(link) ?? 0) + 1);
    const setup = { clock, table: att.server.table, served, client: connection.gatt };
    const bearer = openEnhancedBearer(channel, setup, () => {
      channel.close(() => undefined);
    });
    return {
      receive: (sdu) => {
        try {
          bearer.receive(sdu);
        } finally {
          channel.consumed();
        }
      },
      reconfigured: () => {
        bearer.channelReconfigured(Math.min(channel.mtu, channel.peerMtu));
      },
      closed: (reason) => {
        const left = (this.#count.get(link) ?? 1) - 1;
        if (left > 0) this.#count.set(link, left);
        else this.#count.delete(link);
        bearer.closed(reason);
      },
    };
  }
}
