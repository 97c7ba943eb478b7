import { Address } from "../src/common/address.ts";
import { type Clock, systemClock, VirtualClock } from "../src/common/clock.ts";
import { TransportError } from "../src/common/errors.ts";
import {
  LeSetAdvertisingData,
  LeSetAdvertisingEnable,
  LeSetAdvertisingParameters,
} from "../src/hci/commands/le-advertising.ts";
import { LeCreateConnection, LeCreateConnectionCancel } from "../src/hci/commands/le-connection.ts";
import { ReadBdAddr } from "../src/hci/commands/informational.ts";
import { LeConnectionComplete } from "../src/hci/events/le-connection.ts";
import { LeLongTermKeyRequest } from "../src/hci/events/le-security.ts";
import {
  DisconnectionComplete,
  EncryptionChange,
  EncryptionKeyRefreshComplete,
} from "../src/hci/events/link.ts";
import type { HciTransport } from "../src/hci/transport.ts";
import { AdversaryLink } from "./adversary-link.ts";
import type { Side } from "./conversation.ts";
import { eventIn, RawController } from "./raw-controller.ts";
import { Stage } from "./stage.ts";

/** How an adversary works. */
export interface AdversaryOptions {
  /**
   * Where its time comes from: that of its air. It moves a `VirtualClock` itself whenever it waits. Default: the
   * operating system's, as hosts behind doors need it.
   */
  readonly clock?: Clock;
  /** How long it stays quiet for a host to answer, in ms. Default 0 on a `VirtualClock`, else 50. */
  readonly quietMs?: number;
}

/** How long it waits, in ms. Default 10000. */
export interface WaitOptions {
  readonly timeoutMs?: number;
}

/** What it says while it advertises. */
export interface AcceptOptions extends WaitOptions {
  /** Advertising data, up to 31 octets. Default: Flags alone. */
  readonly advertisingData?: Uint8Array;
}

const advertising = {
  advertisingIntervalMin: 0x00a0,
  advertisingIntervalMax: 0x00a0,
  advertisingType: 0,
  ownAddressType: 0,
  peerAddressType: 0,
  peerAddress: 0,
  advertisingChannelMap: 7,
  advertisingFilterPolicy: 0,
};

const connection = {
  scanInterval: 0x0010,
  scanWindow: 0x0010,
  initiatorFilterPolicy: 0,
  ownAddressType: 0,
  connectionIntervalMin: 0x0006,
  connectionIntervalMax: 0x0018,
  maxLatency: 0,
  supervisionTimeout: 0x00c8,
  minCeLength: 0,
  maxCeLength: 0,
};

/** Flags: LE General Discoverable Mode, BR/EDR Not Supported. */
const flags = Uint8Array.of(0x02, 0x01, 0x06);

/**
 * A peer that keeps to no rule above HCI: it has a controller and no host, and sends what it is told, when it is told.
 *
 * Under one seed and a `VirtualClock` it does the same each time.
 *
 * @example
 * ```ts
 * await using adversary = await Adversary.open(air.controller().transport(), { clock });
 * const link = await adversary.connect("02:00:00:00:00:01/public");
 * const answer = await link.ask(Uint8Array.of(0x02, 0x17, 0x00));
 * ```
 */
export class Adversary implements AsyncDisposable {
  readonly #stage: Stage;
  readonly #controller: RawController;
  readonly #links = new Map<number, AdversaryLink>();
  /** The last links that were made, in either role. */
  readonly #made = new Map<Side, AdversaryLink>();
  #address: Address | undefined;

  private constructor(transport: HciTransport, stage: Stage) {
    this.#stage = stage;
    this.#controller = new RawController(transport, {
      event: (packet) => {
        this.#event(packet);
        stage.changed();
      },
      data: (connectionHandle, continues, payload) => {
        this.#links.get(connectionHandle)?.take(continues, payload);
        stage.changed();
      },
      closed: () => {
        for (const link of this.#links.values()) link.end(0x08);
        this.#links.clear();
        stage.changed();
      },
    });
  }

  /**
   * Takes a controller: one of a virtual air, or any other way to one.
   *
   * @param transport - *Owned* from now on.
   */
  static async open(
    transport: HciTransport,
    { clock = systemClock, quietMs = clock instanceof VirtualClock ? 0 : 50 }: AdversaryOptions = {},
  ): Promise<Adversary> {
    const adversary = new Adversary(transport, new Stage(clock, quietMs));
    await adversary.#stage.until(adversary.#controller.begin());
    const { bdAddr } = await adversary.#stage.until(adversary.#controller.run(ReadBdAddr, {}));
    adversary.#address = new Address("public", bdAddr);
    return adversary;
  }

  /** Its public address, to be connected to. */
  get address(): Address {
    if (!this.#address) throw new TransportError("the adversary has not been opened");
    return this.#address;
  }

  /** The links that are up. */
  get links(): readonly AdversaryLink[] {
    return [...this.#links.values()];
  }

  /**
   * Becomes central of a link with a host that advertises.
   *
   * @param address - `"02:00:00:00:00:01/public"` or such.
   * @throws {@link TransportError} The host did not answer in time.
   */
  async connect(address: Address | string, { timeoutMs = 10_000 }: WaitOptions = {}): Promise<AdversaryLink> {
    const { type, value: peerAddress } = Address.from(address);
    const peerAddressType = type === "public" ? 0 : 1;
    this.#made.delete("central");
    const command = { ...connection, peerAddressType, peerAddress };
    await this.#stage.until(this.#controller.run(LeCreateConnection, command));
    const link = await this.#stage.find(() => this.#made.get("central"), timeoutMs);
    if (link) return link;
    await this.#stage.until(this.#controller.run(LeCreateConnectionCancel, {}));
    throw new TransportError(`${String(address)} has not let the adversary connect within ${timeoutMs} ms`);
  }

  /**
   * Advertises, and becomes peripheral of a link with a host that connects.
   *
   * @throws {@link TransportError} No host came in time.
   */
  async accept({ timeoutMs = 10_000, advertisingData = flags }: AcceptOptions = {}): Promise<AdversaryLink> {
    this.#made.delete("peripheral");
    await this.#stage.until(this.#controller.run(LeSetAdvertisingParameters, advertising));
    await this.#stage.until(this.#controller.run(LeSetAdvertisingData, { advertisingData }));
    await this.#stage.until(this.#controller.run(LeSetAdvertisingEnable, { advertisingEnable: true }));
    const link = await this.#stage.find(() => this.#made.get("peripheral"), timeoutMs);
    if (link) return link;
    await this.#stage.until(this.#controller.run(LeSetAdvertisingEnable, { advertisingEnable: false }));
    throw new TransportError(`no host has connected to the adversary within ${timeoutMs} ms`);
  }

  /** Lets time pass. */
  async pass(ms: number): Promise<void> {
    await this.#stage.pass(ms);
  }

  /** Leaves without a word: its links are lost to their hosts when the supervision timeout is over. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stage.until(this.#controller[Symbol.asyncDispose]());
  }

  #event(packet: Uint8Array): void {
    const complete = eventIn(LeConnectionComplete, packet);
    if (complete) {
      if (complete.status !== 0) return;
      const { connectionHandle, role } = complete;
      const type = complete.peerAddressType % 2 === 0 ? "public" : "random";
      const peer = new Address(type, complete.peerAddress);
      const side = role === 0 ? "central" : "peripheral";
      const link = new AdversaryLink(connectionHandle, side, peer, this.#controller, this.#stage);
      this.#made.set(side, link);
      this.#links.set(connectionHandle, link);
      return;
    }
    const disconnection = eventIn(DisconnectionComplete, packet);
    if (disconnection?.status === 0) {
      this.#controller.forget(disconnection.connectionHandle);
      this.#links.get(disconnection.connectionHandle)?.end(disconnection.reason);
      this.#links.delete(disconnection.connectionHandle);
      return;
    }
    this.#security(packet);
  }

  #security(packet: Uint8Array): void {
    const request = eventIn(LeLongTermKeyRequest, packet);
    if (request) this.#links.get(request.connectionHandle)?.keyWanted();
    const change = eventIn(EncryptionChange, packet);
    if (change) {
      const link = this.#links.get(change.connectionHandle);
      link?.encryptionChanged(change.status, change.encryptionEnabled !== 0);
    }
    const refresh = eventIn(EncryptionKeyRefreshComplete, packet);
    if (refresh) this.#links.get(refresh.connectionHandle)?.encryptionChanged(refresh.status, true);
  }
}
