import { BleError } from "../common/errors.ts";
import type { Done } from "../common/procedure.ts";
import { type CallOptions, promised } from "../common/promised.ts";
import type { Turn } from "../common/turn.ts";
import type { Command, Nothing } from "../hci/command.ts";
import type { ControllerCapabilities } from "../hci/controller-capabilities.ts";
import { ReadTransmitPowerLevel } from "../hci/commands/controller-baseband.ts";
import {
  LeReadChannelMap,
  LeReadPhy,
  LeReadRemoteFeatures,
  LeSetDataLength,
  LeSetPhy,
} from "../hci/commands/le-connection.ts";
import {
  LeEnhancedReadTransmitPowerLevel,
  LeReadRemoteTransmitPowerLevel,
  LeSetPathLossReportingEnable,
  LeSetPathLossReportingParameters,
  LeSetTransmitPowerReportingEnable,
} from "../hci/commands/le-power.ts";
import { LeSubrateRequest } from "../hci/commands/le-subrating.ts";
import { ReadRemoteVersionInformation } from "../hci/commands/link-control.ts";
import type { OnConnection } from "../hci/commands/on-connection.ts";
import { ReadRssi } from "../hci/commands/status-parameters.ts";
import {
  LePhyUpdateComplete,
  LeReadRemoteFeaturesComplete,
  LeSubrateChange,
} from "../hci/events/le-connection.ts";
import { LeTransmitPowerReporting } from "../hci/events/le-power.ts";
import { ReadRemoteVersionInformationComplete } from "../hci/events/link.ts";
import type { Event } from "../hci/event.ts";
import type { Hci } from "../hci/hci.ts";
import { UnavailableError } from "./error.ts";
import {
  checkTxPowerReporting,
  pathLossParameters,
  type PathLossZones,
  remoteLevel,
  type TxPowerReporting,
} from "./link-power.ts";
import type { LinkEvent, LinkQuestions } from "./link-questions.ts";
import { levelOf, type Phy, phyFrom } from "./scan-report.ts";
import { subrateParameters } from "./subrate-options.ts";
import { timeoutMs } from "./units.ts";

/** What the peer's controller is. Vol 4, Part E, 7.7.12. */
export interface RemoteVersion {
  /** As Assigned Numbers 2.1 has it: 0x0d is 5.4. */
  readonly version: number;
  readonly companyIdentifier: number;
  readonly subversion: number;
}

/** The PHYs of a link, each way. */
export interface LinkPhys {
  readonly tx: Phy;
  readonly rx: Phy;
}

/** Which PHYs would do; a way that is left out is left to the controllers. */
export interface PhyPreference {
  readonly tx?: readonly Phy[];
  readonly rx?: readonly Phy[];
  /** How LE Coded is coded: for range (`"S8"`) or for speed (`"S2"`). */
  readonly coding?: "S2" | "S8";
}

/** How the packets of a link may be. */
export interface DataLength {
  /** 27 to 251. */
  readonly txOctets: number;
  readonly rxOctets: number;
}

/** How a link sleeps through connection events. Vol 6, Part B, 4.5.1. */
export interface SubrateRequest {
  /** One connection event of so many is used, 1 to 500: the range that will do. */
  readonly minFactor: number;
  readonly maxFactor: number;
  /** In subrated events, 0 to 499; with `maxFactor` no more than 500 events are skipped. Default 0. */
  readonly maxLatency?: number;
  /** How many events in line are used after one with data, 0 to 499, and fewer than `maxFactor`. Default 0. */
  readonly continuationNumber?: number;
  /** 100 to 32,000 ms. Default 4000. */
  readonly supervisionTimeoutMs?: number;
}

/** The subrating in force. */
export interface Subrating {
  readonly factor: number;
  readonly latency: number;
  readonly continuationNumber: number;
  readonly supervisionTimeoutMs: number;
}

/** What {@link LinkControl} is made of. */
export interface LinkControlParts {
  readonly hci: Hci;
  readonly turn: Turn;
  readonly questions: LinkQuestions;
  readonly capabilities: () => ControllerCapabilities;
  readonly handle: number;
}

const phyBit: Readonly<Record<Phy, number>> = { "1M": 1, "2M": 2, coded: 4 };
const phyNumber: Readonly<Record<Phy, number>> = { "1M": 1, "2M": 2, coded: 3 };
const noTxPreference = 1;
const noRxPreference = 2;
const coding = { S2: 1, S8: 2 } as const;
const leastOctets = 27;
const mostOctets = 251;
/** What 251 octets take on the slowest PHY, in µs. Vol 6, Part B, 4.5.10. */
const longestTime = 17_040;
const currentLevel = 0;

/**
 * The radio's side of a connection: `connection.link`. Whatever is asked rejects with the reason when the link goes.
 *
 * @throws {@link HciError} The controller, or through it the peer, refused; each method may.
 */
export class LinkControl {
  readonly #parts: LinkControlParts;

  /** Made with the connection. */
  constructor(parts: LinkControlParts) {
    this.#parts = parts;
  }

  /** How strong the peer is received, in dBm; `undefined` when the controller does not know. Vol 4, Part E, 7.5.4. */
  async rssi(options?: CallOptions): Promise<number | undefined> {
    return levelOf((await this.#ask(ReadRssi, this.#link, options)).rssi);
  }

  /** The data channels in use, 0 to 36. Vol 4, Part E, 7.8.20. */
  async channels(options?: CallOptions): Promise<number[]> {
    const numbers = Array.from({ length: 37 }, (_, channel) => channel);
    return this.#ask(LeReadChannelMap, this.#link, options, ({ channelMap }) =>
      numbers.filter((channel) => ((channelMap[channel >> 3] ?? 0) >> (channel & 7)) & 1),
    );
  }

  /** What the peer's controller is. Vol 4, Part E, 7.1.23. */
  remoteVersion(options?: CallOptions): Promise<RemoteVersion> {
    return this.#question(
      ReadRemoteVersionInformation,
      this.#link,
      ReadRemoteVersionInformationComplete,
      options,
      ({ version, companyIdentifier, subversion }) => ({ version, companyIdentifier, subversion }),
    );
  }

  /** The LE features of the peer: 8 octets, bits as in Vol 6, Part B, 4.6. The caller *owns* them. */
  remoteFeatures(options?: CallOptions): Promise<Uint8Array> {
    return this.#question(
      LeReadRemoteFeatures,
      this.#link,
      LeReadRemoteFeaturesComplete,
      options,
      ({ features }) => features.slice(),
    );
  }

  /** The PHYs in use. Vol 4, Part E, 7.8.47. */
  async phys(options?: CallOptions): Promise<LinkPhys> {
    this.#require(LeReadPhy);
    const { txPhy, rxPhy } = await this.#ask(LeReadPhy, this.#link, options);
    return { tx: phyFrom(txPhy) ?? "1M", rx: phyFrom(rxPhy) ?? "1M" };
  }

  /**
   * Asks for other PHYs. Vol 4, Part E, 7.8.49.
   *
   * @returns The PHYs in force afterwards; the peer may want others.
   * @throws {@link RangeError} A list is empty or names something that is no PHY.
   */
  async setPhys(preference: PhyPreference, options?: CallOptions): Promise<LinkPhys> {
    const parameters = {
      ...this.#link,
      allPhys: (preference.tx ? 0 : noTxPreference) | (preference.rx ? 0 : noRxPreference),
      txPhys: physOf("tx", preference.tx),
      rxPhys: physOf("rx", preference.rx),
      phyOptions: preference.coding ? coding[preference.coding] : 0,
    };
    this.#require(LeSetPhy);
    return this.#question(LeSetPhy, parameters, LePhyUpdateComplete, options, ({ txPhy, rxPhy }) => ({
      tx: phyFrom(txPhy) ?? "1M",
      rx: phyFrom(rxPhy) ?? "1M",
    }));
  }

  /**
   * Suggests how long the packets that this side sends may be. A `dataLengthChanged` event tells what came of it.
   * Vol 4, Part E, 7.8.33.
   *
   * @param octets - 27 to 251.
   */
  async setDataLength(octets: number, options?: CallOptions): Promise<void> {
    checkRange("octets", octets, leastOctets, mostOctets);
    this.#require(LeSetDataLength);
    const parameters = { ...this.#link, txOctets: octets, txTime: longestTime };
    await this.#ask(LeSetDataLength, parameters, options);
  }

  /** How strong this side transmits, in dBm. Vol 4, Part E, 7.8.117 and 7.3.35. */
  async txPower(options?: CallOptions): Promise<number> {
    if (!this.#parts.capabilities().supports(LeEnhancedReadTransmitPowerLevel)) {
      return this.#ask(
        ReadTransmitPowerLevel,
        { ...this.#link, type: currentLevel },
        options,
        ({ txPowerLevel }) => txPowerLevel,
      );
    }
    const { tx } = await this.phys(options);
    const parameters = { ...this.#link, phy: phyNumber[tx] };
    return this.#ask(
      LeEnhancedReadTransmitPowerLevel,
      parameters,
      options,
      ({ currentTxPowerLevel }) => currentTxPowerLevel,
    );
  }

  /** How strong the peer transmits, in dBm; `undefined` when it does not say. Vol 4, Part E, 7.8.118. */
  async remoteTxPower(options?: CallOptions): Promise<number | undefined> {
    this.#require(LeReadRemoteTransmitPowerLevel);
    const { rx } = await this.phys(options);
    const parameters = { ...this.#link, phy: phyNumber[rx] };
    return this.#question(
      LeReadRemoteTransmitPowerLevel,
      parameters,
      LeTransmitPowerReporting,
      options,
      ({ txPowerLevel }) => remoteLevel(txPowerLevel),
    );
  }

  /**
   * Has `txPowerChanged` events tell of changes of the transmit power, or not any more. Vol 4, Part E, 7.8.121.
   *
   * @throws {@link HciError} The peer's controller does not manage its power, for one.
   * @throws {@link UnavailableError} This controller cannot tell.
   * @throws {@link TypeError} There is no such option, or it is of another kind.
   */
  async reportTxPower(reporting: TxPowerReporting, options?: CallOptions): Promise<void> {
    checkTxPowerReporting(reporting);
    this.#require(LeSetTransmitPowerReportingEnable);
    const { local: localEnable = false, remote: remoteEnable = false } = reporting;
    await this.#ask(LeSetTransmitPowerReportingEnable, { ...this.#link, localEnable, remoteEnable }, options);
  }

  /**
   * Has `pathLossChanged` events tell when the path loss enters another zone: the one of this moment first. It needs to
   * know how strong the peer transmits. Vol 4, Part E, 7.8.119 and 7.8.120.
   *
   * @param zones - `undefined` ends it.
   * @throws {@link RangeError} A number is out of its range, or the zones do not leave each other room.
   * @throws {@link UnavailableError} This controller cannot tell.
   * @throws {@link TypeError} There is no such option, or it is of another kind.
   */
  async monitorPathLoss(zones: PathLossZones | undefined, options?: CallOptions): Promise<void> {
    const parameters = zones && pathLossParameters(this.#parts.handle, zones);
    this.#require(LeSetPathLossReportingEnable);
    if (parameters) await this.#ask(LeSetPathLossReportingParameters, parameters, options);
    await this.#ask(LeSetPathLossReportingEnable, { ...this.#link, enable: zones !== undefined }, options);
  }

  /**
   * Asks that the link sleep through connection events. Vol 4, Part E, 7.8.124.
   *
   * @returns The subrating in force afterwards.
   * @throws {@link RangeError} A number is out of its range, or they do not go together.
   */
  async requestSubrate(request: SubrateRequest, options?: CallOptions): Promise<Subrating> {
    const parameters = { ...this.#link, ...subrateParameters(request) };
    this.#require(LeSubrateRequest);
    return this.#question(LeSubrateRequest, parameters, LeSubrateChange, options, (event) => ({
      factor: event.subrateFactor,
      latency: event.peripheralLatency,
      continuationNumber: event.continuationNumber,
      supervisionTimeoutMs: timeoutMs(event.supervisionTimeout),
    }));
  }

  get #link(): OnConnection {
    return { connectionHandle: this.#parts.handle };
  }

  #require(command: { readonly name: string; readonly opcode: number }): void {
    if (this.#parts.capabilities().supports(command)) return;
    throw new UnavailableError(`this controller does not know ${command.name}`);
  }

  /** @param read - Takes what is wanted out of the answer, which is *borrowed*. */
  #ask<P, R>(command: Command<P, R>, parameters: P, options: CallOptions | undefined): Promise<R>;
  #ask<P, R, T>(
    command: Command<P, R>,
    parameters: P,
    options: CallOptions | undefined,
    read: (returns: R) => T,
  ): Promise<T>;
  #ask<P, R, T>(
    command: Command<P, R>,
    parameters: P,
    options: CallOptions | undefined,
    read?: (returns: R) => T,
  ): Promise<T | R> {
    return this.#promise<R, T | R>(
      (done) => {
        this.#parts.hci.send(command, parameters, done);
      },
      options,
      read ?? ((returns) => returns),
    );
  }

  #question<P extends OnConnection, E extends LinkEvent, T>(
    command: Command<P, Nothing>,
    parameters: P,
    event: Event<E>,
    options: CallOptions | undefined,
    read: (event: E) => T,
  ): Promise<T> {
    return this.#promise<E, T>(
      (done) => {
        this.#parts.questions.ask(command, parameters, event, done);
      },
      options,
      read,
    );
  }

  #promise<R, T>(
    start: (done: Done<R>) => void,
    options: CallOptions | undefined,
    read: (result: R) => T,
  ): Promise<T> {
    return promised<T>((done) => {
      this.#parts.turn.run(() => {
        start((outcome) => {
          done(outcome instanceof BleError ? outcome : read(outcome));
        });
      });
    }, options);
  }
}

function physOf(name: string, phys: readonly Phy[] | undefined): number {
  if (!phys) return 0;
  const known = phys.length > 0 && phys.every((phy) => Object.hasOwn(phyBit, phy));
  if (!known) throw new RangeError(`${name}: "${phys.join(", ")}" is not a list of "1M", "2M", "coded"`);
  return phys.reduce((bits, phy) => bits | phyBit[phy], 0);
}

function checkRange(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new RangeError(`${name}: ${value} is not a whole number from ${least} to ${most}`);
}
