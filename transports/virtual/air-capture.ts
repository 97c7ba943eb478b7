import { putU24 } from "../../src/common/bytes.ts";
import type { Clock } from "../../src/common/clock.ts";
import { pcapLinkLayerFormat } from "../capture/pcap.ts";
import type { LinkLayerDirection, Phy as RecordedPhy } from "../capture/record.ts";
import { advertisingCrcInit, crc24 } from "./crc24.ts";
import { Phy } from "./phy.ts";
import type { Timing } from "./timing.ts";

/** Access address of all packets on the advertising channels. Vol 6, Part B, 2.1.2. */
export const advertisingAccessAddress = 0x8e89bed6;

/** The Coding Indicator of a coded packet. Vol 6, Part B, 2.2.3. */
const codingIndicators: Readonly<Record<number, number>> = { [Phy.CodedS8]: 0, [Phy.CodedS2]: 1 };

const recordedPhys: readonly RecordedPhy[] = ["1M", "1M", "2M", "coded", "coded"];

/** A packet as it goes through the air. */
export interface AirPacket {
  /** When its first bit is sent, in ms of the air's clock; default: now. */
  readonly at?: number;
  /** Channel index, 0 to 39. Vol 6, Part B, 1.4.1. */
  readonly channel: number;
  /** Default LE 1M. */
  readonly phy?: Phy;
  /** Whose event it belongs to, if that may end before its time. */
  readonly source?: object;
  /** How strongly it is received, in dBm. */
  readonly rssi: number;
  /** Header and payload, without CRC; *borrowed*. */
  readonly pdu: Uint8Array;
}

/** A packet with the access address of a connection or of a periodic advertising train. */
export interface AddressedPacket extends AirPacket {
  /** 32 bits. Vol 6, Part B, 2.1.2. */
  readonly accessAddress: number;
  /** 24 bits. Vol 6, Part B, 3.1.1. */
  readonly crcInit: number;
  /** Of packets of a connection. */
  readonly direction?: LinkLayerDirection;
  /** Whether `pdu` is in plain though the packet goes through the air encrypted. */
  readonly decrypted?: boolean;
}

/** What a capture is to have. */
export interface AirCaptureOptions {
  /**
   * With `encryption: "ccm"`, what packets of encrypted links hold: `"plain"`, the default, is their payload, marked as
   * decrypted; `"cipher"` what goes through the air, which only who has the keys can read.
   */
  readonly payload?: "plain" | "cipher";
}

/** Rounding of times, in ms. */
const hair = 1e-6;

/** A record that others may still go before. */
interface Pending {
  readonly at: number;
  readonly source: object | undefined;
  readonly record: Uint8Array;
}

/**
 * In ms. A record may come so late: packets of a link are known when their exchange is over, and two packets of 17 ms
 * on LE Coded are the longest.
 */
const latest = 40;

/** Writes what goes through an air as a capture of link-layer packets (LINKTYPE_BLUETOOTH_LE_LL_WITH_PHDR). */
export class AirCapture implements Disposable {
  /** Whether payloads are wanted as they go through the air. */
  readonly ciphered: boolean;
  readonly #clock: Clock;
  readonly #timing: Timing;
  readonly #write: (octets: Uint8Array) => void;
  /** In the order of their times. */
  readonly #pending: Pending[] = [];
  #gathering = false;
  #timer: Disposable | undefined;

  /** @param write - Gets the file header at once, and then a record for each packet; it *owns* them. */
  constructor(
    clock: Clock,
    timing: Timing,
    write: (octets: Uint8Array) => void,
    { payload = "plain" }: AirCaptureOptions = {},
  ) {
    this.#clock = clock;
    this.#timing = timing;
    this.#write = write;
    this.ciphered = payload === "cipher";
    write(pcapLinkLayerFormat.header());
  }

  /**
   * Runs one event of several packets that are recorded in any order. Without air time they all have the time of now,
   * and the times that they would have decide on their order alone.
   */
  event(run: () => void): void {
    this.#gathering = true;
    run();
    this.#gathering = false;
    if (this.#timing === "instant") this.#flush(Number.POSITIVE_INFINITY);
  }

  /** An event has ended: what was to come of it after `at` is not sent. */
  cut(source: object, at: number): void {
    for (let i = this.#pending.length - 1; i >= 0; i--) {
      const pending = this.#pending[i];
      if (pending?.source === source && pending.at > at) this.#pending.splice(i, 1);
    }
  }

  /** Writes what is left. */
  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#flush(Number.POSITIVE_INFINITY);
  }

  /** A packet with the access address of the advertising channels: ADV_*, SCAN_*, CONNECT_IND, AUX_*. */
  advertising(packet: AirPacket): void {
    this.addressed({ ...packet, accessAddress: advertisingAccessAddress, crcInit: advertisingCrcInit });
  }

  /** A packet with an access address of its own: of a connection, AUX_SYNC_IND and AUX_CHAIN_IND behind it. */
  addressed({
    at = this.#clock.now(),
    source,
    channel,
    phy = Phy.Le1M,
    rssi,
    pdu,
    accessAddress,
    crcInit,
    direction,
    decrypted = false,
  }: AddressedPacket): void {
    const codingIndicator = codingIndicators[phy];
    const start = codingIndicator === undefined ? 4 : 5;
    const end = start + pdu.length;
    const packet = new Uint8Array(end + 3);
    for (let i = 0; i < 4; i++) packet[i] = accessAddress >>> (8 * i);
    if (codingIndicator !== undefined) packet[4] = codingIndicator;
    packet.set(pdu, start);
    putU24(packet, end, crc24(crcInit, packet, start, end));
    const now = this.#clock.now();
    const later = this.#timing === "air" ? at - now : 0;
    const timestampMicroseconds = Math.round((this.#clock.date() + later) * 1000);
    const reception = { channel, rssi, phy: recordedPhys[phy], direction, crcValid: true, decrypted };
    // Without a direction, an access address of its own is that of a periodic advertising train.
    const auxiliary = direction === undefined && accessAddress !== advertisingAccessAddress;
    const record = pcapLinkLayerFormat.record({ timestampMicroseconds, packet, auxiliary, ...reception });
    if (this.#timing === "instant" && !this.#gathering) this.#write(record);
    else this.#keep({ at, source, record });
  }

  #keep(pending: Pending): void {
    let place = this.#pending.length;
    while (place > 0 && (this.#pending[place - 1]?.at ?? 0) > pending.at) place--;
    this.#pending.splice(place, 0, pending);
    if (this.#timing === "air") this.#wait();
  }

  #wait(): void {
    const [first] = this.#pending;
    if (this.#timer || !first) return;
    const wait = Math.max(0, first.at + latest - this.#clock.now());
    this.#timer = this.#clock.after(wait, () => {
      this.#timer = undefined;
      this.#flush(this.#clock.now() - latest);
      this.#wait();
    });
  }

  /** Writes what is not later than `at`. */
  #flush(at: number): void {
    let count = 0;
    for (; count < this.#pending.length; count++) {
      const pending = this.#pending[count];
      if (!pending || pending.at > at + hair) break;
      this.#write(pending.record);
    }
    this.#pending.splice(0, count);
  }
}
