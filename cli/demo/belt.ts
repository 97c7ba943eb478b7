import {
  type Advertising,
  characteristic,
  type Clock,
  descriptor,
  type HciTransport,
  Host,
  type PairingAgent,
  service,
  type TypedLocalCharacteristic,
  Uuid,
} from "../../src/index.ts";
import {
  batteryService,
  BodySensorLocation,
  type HeartRateMeasurement,
  heartRateService,
} from "../../src/profiles/index.ts";
import { takeUploads, uploadSpsm } from "./upload.ts";

/** The service and the characteristics of this belt that the Bluetooth SIG knows nothing of. */
export const logService = "6a656c6c-696e-4701-8000-64656d6f0000";
/** The longest value a characteristic can have, 512 octets of text. */
export const logCharacteristic = "6a656c6c-696e-4701-8000-64656d6f0001";
/** Whose belt it is: nothing for everybody. */
export const wearerCharacteristic = "6a656c6c-696e-4701-8000-64656d6f0002";

const beltName = "jelling belt";
/** Appearance. Assigned Numbers, 2.6.3. */
const heartRateBelt = 0x0341;

/** How the belt is made. */
export interface BeltOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** From one measurement to the next. */
  readonly intervalMs: number;
  /** Asked when somebody wants to pair. */
  readonly agent: PairingAgent;
  /** Told how much Energy Expended was, in kJ, when a client resets it. */
  readonly onReset: (kilojoules: number) => void;
}

/** A simulated heart rate belt: a host in the peripheral role. */
export class HeartRateBelt implements AsyncDisposable {
  /** What it advertises. */
  readonly advertised: { readonly name: string; readonly services: readonly Uuid[] } = {
    name: beltName,
    services: [Uuid.from("180d"), Uuid.from("180f")],
  };
  readonly host: Host;
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #measurement: TypedLocalCharacteristic<HeartRateMeasurement>;
  #timer: Disposable | undefined;
  #uploads: Promise<void> | undefined;
  #beats = 0;
  #kilojoules = 400;

  private constructor(host: Host, { clock, intervalMs, onReset }: BeltOptions) {
    this.host = host;
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    const heartRate = host.gatt.add(
      heartRateService({
        location: BodySensorLocation.Chest,
        onResetEnergyExpended: () => {
          onReset(this.#kilojoules);
          this.#kilojoules = 0;
        },
      }),
    );
    host.gatt.add(batteryService({ level: 93 }));
    host.gatt.add(
      service(logService, {
        log: characteristic(logCharacteristic, {
          value: text(trainingLog()),
          descriptors: [descriptor("2901", { value: text("Training log") })],
        }),
        wearer: characteristic(wearerCharacteristic, {
          value: text("Ada"),
          permissions: { read: "authenticated" },
          descriptors: [descriptor("2901", { value: text("Wearer") })],
        }),
      }),
    );
    this.#measurement = heartRate.measurement;
  }

  /** Opens a host and begins to measure; the host owns the transport. */
  static async open(transport: HciTransport, options: BeltOptions): Promise<HeartRateBelt> {
    const { clock, signal, agent } = options;
    const host = await Host.open(transport, { name: beltName, appearance: heartRateBelt, clock, signal });
    host.agents.register(agent);
    const belt = new HeartRateBelt(host, options);
    belt.#uploads = takeUploads(host.listen({ spsm: uploadSpsm }));
    belt.#wait();
    return belt;
  }

  advertise(signal: AbortSignal): Promise<Advertising> {
    return this.host.advertise({ ...this.advertised, appearance: heartRateBelt, signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    await this.host[Symbol.asyncDispose]();
    await this.#uploads;
  }

  #wait(): void {
    this.#timer = this.#clock.after(this.#intervalMs, () => {
      this.#measure();
      this.#wait();
    });
  }

  #measure(): void {
    // From rest to effort in ten measurements, and back.
    const beatsPerMinute = Math.round(105 - 35 * Math.cos(this.#beats++ / 3));
    // A client that has no room for it can do without: the next measurement is newer.
    this.#measurement.tryNotify({
      beatsPerMinute,
      contact: true,
      energyExpended: this.#kilojoules++,
      rrIntervals: [Math.round(60_000 / beatsPerMinute)],
    });
  }
}

function text(characters: string): Uint8Array {
  return new TextEncoder().encode(characters);
}

/** Sixteen lines of 32 characters. */
function trainingLog(): string {
  const lines = Array.from({ length: 16 }, (_, minute) => {
    const beatsPerMinute = Math.round(105 - 35 * Math.cos(minute / 2.5));
    return `minute ${minute + 1}: ${beatsPerMinute} beats a minute`.padEnd(31);
  });
  return `${lines.join("\n")}\n`;
}
