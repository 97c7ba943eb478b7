import { AsyncQueue } from "../common/async-queue.ts";
import { BleError } from "../common/errors.ts";
import type { Procedure } from "../common/procedure.ts";
import { type CallOptions, promised } from "../common/promised.ts";
import { type UuidLike, uuidsFrom } from "../common/uuid.ts";
import type { Turn } from "../common/turn.ts";
import {
  LeSetAdvertisingData,
  LeSetAdvertisingEnable,
  LeSetAdvertisingParameters,
  type LeSetAdvertisingParametersParameters,
  LeSetScanResponseData,
} from "../hci/commands/le-advertising.ts";
import { HciError } from "../hci/error.ts";
import type { Hci } from "../hci/hci.ts";
import { AdFlag } from "./ad-type.ts";
import type { AdvertisingDataInput } from "./advertising-fields.ts";
import { type AdvertisingLayout, layOutAdvertising } from "./advertising-layout.ts";
import type { Connection } from "./connection.ts";
import { UnavailableError } from "./error.ts";
import { RadioTask } from "./radio-task.ts";
import { advertisingInterval } from "./units.ts";

/** What to say, and how. Everything of {@link AdvertisingDataInput} may be given as well. */
export interface AdvertiseOptions extends AdvertisingDataInput, CallOptions {
  /** Short for `localName`. */
  readonly name?: string;
  /** Short for `serviceUuids`. */
  readonly services?: readonly UuidLike[];
  /** Others may connect. Default true. */
  readonly connectable?: boolean;
  /** Others may ask for a scan response, which has room for another 31 octets. Default true. */
  readonly scannable?: boolean;
  /** How often, 20 to 10,240 ms. Default 100. */
  readonly intervalMs?: number;
  /**
   * Go on after a connection has come of it, as soon as the controller can. Default true; with `false` the advertising
   * ends with its first connection.
   */
  readonly resume?: boolean;
  /** Gives up waiting for the radio. Advertising that has begun ends when it is disposed of. */
  readonly signal?: AbortSignal | undefined;
}

/** AdvA types of Set Advertising Parameters. Vol 4, Part E, 7.8.5. */
const AdvertisingType = { Connectable: 0, Scannable: 2, NonConnectable: 3 } as const;

const legacyRoom = 31;
const allChannels = 0b111;
/** Connections that came and were not taken; as many as a controller could ever hold. */
const mostConnections = 256;

/**
 * Advertising under way. Iterate it for the connections that come of it; dispose of it to stop.
 *
 * @example
 * ```ts
 * await using advertising = await host.advertise({ name: "jelling", services: ["180d"] });
 * for await (const connection of advertising) console.log(`${connection.peerAddress} is here`);
 * ```
 */
export class Advertising implements AsyncIterable<Connection>, AsyncDisposable {
  readonly #connections: AsyncQueue<Connection>;
  readonly #stop: (own: Advertising) => Promise<void>;
  #stopped: Promise<void> | undefined;

  /** Made by `host.advertise`. */
  constructor(stop: (own: Advertising) => Promise<void>) {
    this.#connections = new AsyncQueue(mostConnections, "dropOldest");
    this.#stop = stop;
  }

  /** The connections that come, as they come; ends when the advertising does. One loop at a time. */
  [Symbol.asyncIterator](): AsyncIterator<Connection, undefined> {
    const queue = this.#connections;
    return { next: () => queue.next() }; // leaving the loop does not end the advertising
  }

  /** Stops, and resolves when the radio is silent. The connections that came of it stay. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped ??= this.#stop(this);
    await this.#stopped;
  }

  /** @internal For the advertiser. */
  connected(connection: Connection): void {
    this.#connections.push(connection);
  }

  /** @internal For the advertiser: nothing comes of it any more. */
  ended(reason?: BleError): void {
    this.#connections.end(reason);
  }
}

interface Campaign {
  readonly advertising: Advertising;
  readonly parameters: LeSetAdvertisingParametersParameters;
  readonly data: AdvertisingLayout;
  readonly resume: boolean;
  /** The controller refused to go on for now, as it does when it holds as many links as it can. */
  waiting: boolean;
}

/** Legacy advertising, of which a controller can do one at a time. Vol 4, Part E, 7.8.5 to 7.8.9. */
export class Advertiser {
  readonly #turn: Turn;
  readonly #ownAddressType: () => number;
  readonly #task: RadioTask;
  #campaign: Campaign | undefined;
  /** What the controller was given, and whether it is at it. */
  #given: Campaign | undefined;
  #enabled = false;
  #ended: BleError | undefined;

  constructor(hci: Hci, turn: Turn, ownAddressType: () => number) {
    this.#turn = turn;
    this.#ownAddressType = ownAddressType;
    this.#task = new RadioTask(
      hci,
      () => this.#bring(),
      (error) => {
        if (this.#campaign) this.#finish(this.#campaign, error);
      },
    );
  }

  /** Resolves when the radio advertises. */
  async advertise(options: AdvertiseOptions): Promise<Advertising> {
    options.signal?.throwIfAborted();
    if (this.#ended) throw this.#ended;
    if (this.#campaign) {
      throw new UnavailableError("this host advertises already: dispose of that advertising first");
    }
    const advertising = new Advertising((own) => this.#stop(own));
    const { parameters, data } = this.#plan(options);
    this.#campaign = { advertising, parameters, data, resume: options.resume ?? true, waiting: false };
    try {
      await promised<undefined>((done) => {
        this.#turn.run(() => {
          this.#task.wanted(done);
        });
      }, options);
      return advertising;
    } catch (error) {
      await advertising[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A link as peripheral has come up: the controller has stopped advertising by itself. Vol 4, Part E, 7.8.9. */
  connected(connection: Connection): void {
    this.#enabled = false;
    const campaign = this.#campaign;
    if (!campaign) return;
    campaign.advertising.connected(connection);
    if (campaign.resume) this.#task.wanted();
    else this.#finish(campaign);
  }

  /** A link is gone, so there may be room for one more. */
  disconnected(): void {
    if (!this.#campaign?.waiting) return;
    this.#campaign.waiting = false;
    this.#task.wanted();
  }

  /** The controller is gone, or will be. */
  end(reason: BleError): void {
    this.#ended ??= reason;
    this.#task.end(reason);
    const campaign = this.#campaign;
    this.#campaign = undefined;
    campaign?.advertising.ended(reason);
  }

  async #stop(advertising: Advertising): Promise<void> {
    if (this.#campaign?.advertising === advertising) this.#finish(this.#campaign);
    await new Promise<void>((resolve, reject) => {
      this.#turn.run(() =>
        this.#task.wanted((failure) => {
          // A controller that is gone is silent.
          if (failure && !this.#ended) reject(failure);
          else resolve();
        }),
      );
    });
  }

  #finish(campaign: Campaign, error?: BleError): void {
    this.#campaign = undefined;
    campaign.advertising.ended(error);
    this.#task.wanted();
  }

  *#bring(): Procedure<void> {
    const campaign = this.#campaign;
    if (campaign === this.#given && this.#enabled === (campaign !== undefined)) return;
    if (this.#enabled) {
      yield* this.#task.ask(LeSetAdvertisingEnable, { advertisingEnable: false });
      this.#enabled = false;
    }
    if (!campaign || campaign.waiting) return;
    const isNew = campaign !== this.#given;
    if (isNew) {
      yield* this.#task.ask(LeSetAdvertisingParameters, campaign.parameters);
      yield* this.#task.ask(LeSetAdvertisingData, campaign.data);
      yield* this.#task.ask(LeSetScanResponseData, campaign.data);
      this.#given = campaign;
    }
    try {
      yield* this.#task.ask(LeSetAdvertisingEnable, { advertisingEnable: true });
      this.#enabled = true;
    } catch (error) {
      if (isNew || !(error instanceof HciError)) throw error;
      campaign.waiting = true; // it has worked before: it will again when a link ends
    }
  }

  #plan(options: AdvertiseOptions): Pick<Campaign, "parameters" | "data"> {
    const { name, services, connectable = true, scannable = true, intervalMs = 100, ...input } = options;
    const interval = advertisingInterval("intervalMs", intervalMs);
    const data = layOutAdvertising(
      {
        // A device without BR/EDR that can be found at any time. Supplement, Part A, 1.3.
        flags: AdFlag.GeneralDiscoverable | AdFlag.BrEdrNotSupported,
        ...input,
        ...(name !== undefined && { localName: name }),
        ...(services && { serviceUuids: uuidsFrom("services", services) }),
      },
      { advertising: legacyRoom, scanResponse: scannable || connectable ? legacyRoom : 0 },
    );
    return {
      data,
      parameters: {
        advertisingIntervalMin: interval,
        advertisingIntervalMax: interval,
        advertisingType: connectable
          ? AdvertisingType.Connectable
          : scannable
            ? AdvertisingType.Scannable
            : AdvertisingType.NonConnectable,
        ownAddressType: this.#ownAddressType(),
        peerAddressType: 0,
        peerAddress: 0,
        advertisingChannelMap: allChannels,
        advertisingFilterPolicy: 0,
      },
    };
  }
}
