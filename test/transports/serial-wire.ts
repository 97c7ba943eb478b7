import type { Clock } from "../../src/common/clock.ts";
import { TransportError } from "../../src/common/errors.ts";
import type {
  SerialLine,
  SerialLineUser,
  SerialPortInfo,
  SerialPorts,
  SerialSettings,
} from "../../transports/serial-line.ts";

/** What becomes of octets on their way; nothing where all of them are lost. */
export type Trouble = (octets: Uint8Array) => Uint8Array;

/** One end of a {@link SerialWire}. */
export class WireEnd implements SerialLine {
  baudRate = 115_200;
  closed = false;
  /** As often as something was written. */
  writes = 0;
  /** Octets that came while nobody listened. */
  early: Uint8Array[] = [];
  other!: WireEnd;
  readonly #wire: SerialWire;
  #user: SerialLineUser | undefined;

  constructor(wire: SerialWire) {
    this.#wire = wire;
  }

  start(user: SerialLineUser): void {
    this.#user = user;
    for (const octets of this.early.splice(0)) this.#wire.clock.soon(() => this.take(octets));
  }

  write(octets: Uint8Array): void {
    if (this.closed) return;
    this.writes++;
    const passed = this.#wire.trouble(octets);
    const heard = this.baudRate === this.other.baudRate ? passed : passed.map((octet) => 0xe0 | (octet >> 3));
    this.#wire.clock.after(this.#wire.delayMs, () => this.other.take(heard));
  }

  take(octets: Uint8Array): void {
    if (this.closed || octets.length === 0) return;
    if (this.#user) this.#user.octets(octets);
    else this.early.push(octets);
  }

  /** The device is unplugged. */
  lose(): void {
    if (this.closed) return;
    this.closed = true;
    this.#user?.lost(new TransportError("/dev/fake was lost: unplugged", { reason: "lost" }));
  }

  setBaudRate(baudRate: number): Promise<void> {
    this.baudRate = baudRate;
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

/** A serial cable in virtual time. */
export class SerialWire {
  readonly clock: Clock;
  readonly host: WireEnd = new WireEnd(this);
  readonly device: WireEnd = new WireEnd(this);
  delayMs = 0;
  trouble: Trouble = (octets) => octets;

  constructor(clock: Clock) {
    this.clock = clock;
    this.host.other = this.device;
    this.device.other = this.host;
  }
}

/** Ports of a computer that has one, with a device at it that answers by itself. */
export class FakePorts implements SerialPorts {
  /** How the port was opened, each time. */
  readonly opened: SerialSettings[] = [];
  readonly #clock: Clock;
  readonly #device: (end: WireEnd, settings: SerialSettings) => void;
  wire: SerialWire | undefined;

  /** @param device - What is at the other end, each time it is opened. */
  constructor(clock: Clock, device: (end: WireEnd, settings: SerialSettings) => void) {
    this.#clock = clock;
    this.#device = device;
  }

  list(): Promise<readonly SerialPortInfo[]> {
    return Promise.resolve([{ path: "/dev/fake" }]);
  }

  open(settings: SerialSettings): Promise<SerialLine> {
    this.opened.push(settings);
    const wire = new SerialWire(this.#clock);
    this.wire = wire;
    wire.host.baudRate = settings.baudRate;
    this.#device(wire.device, settings);
    return Promise.resolve(wire.host);
  }
}
