import { expect } from "vitest";
import { VirtualClock } from "../../src/common/clock.ts";
import { SeededRandom } from "../../src/common/random.ts";
import {
  _IRQ_CENTRAL_CONNECT,
  _IRQ_GET_SECRET,
  _IRQ_PERIPHERAL_CONNECT,
  _IRQ_SET_SECRET,
  BLE,
  type BleEvent,
  type BleOptions,
  type ConfigSettings,
  type Handler,
} from "../../src/micropython/index.ts";
import * as bluetooth from "../../src/micropython/index.ts";
import {
  VirtualAir,
  type VirtualController,
  type VirtualControllerOptions,
} from "../../transports/virtual/index.ts";
import { profile } from "../support/profile.ts";

/** What the tests of MicroPython advertise. */
export const payload: Uint8Array = Uint8Array.of(0x02, 0x01, 0x06, 0x04, 0xff, 0x4d, 0x50, 0x59);

type Code = BleEvent[0];
/** The tuple of an event. */
export type DataOf<E extends Code> = Extract<BleEvent, readonly [E, unknown]>[1];

const names = new Map(
  Object.entries(bluetooth).flatMap(([name, code]): [number, string][] =>
    name.startsWith("_IRQ_") && typeof code === "number" ? [[code, name]] : [],
  ),
);

/** The name of an event, as MicroPython's documents have it. */
export function nameOf(event: Code): string {
  return names.get(event) ?? String(event);
}

/** The octets as text, as a test of MicroPython prints them. */
export function text(octets: Uint8Array): string {
  return new TextDecoder().decode(octets);
}

/** What a board is made of, where the test says it. */
export interface BoardOptions extends Partial<BleOptions> {
  /** The line of an event in the log; none for one that is left out. */
  readonly print?: (...event: BleEvent) => string | undefined;
  readonly controller?: VirtualControllerOptions;
}

/** One of two boards, with a log of its events, as the two-device tests of MicroPython have it. */
export class Board {
  readonly ble: BLE;
  readonly controller: VirtualController;
  /** Every event, in order, once the handler of the test has had it. */
  readonly events: BleEvent[] = [];
  /** What the test makes of them, a line a string. */
  readonly log: string[] = [];
  /** What the test does in the handler; what it returns is returned to the stack. */
  handler: Handler | undefined;
  readonly #clock: VirtualClock;
  readonly #waiting: { readonly event: Code; readonly resolve: (data: never) => void }[] = [];
  /** How many of each kind {@link wait} has given. */
  readonly #given = new Map<Code, number>();

  constructor(clock: VirtualClock, air: VirtualAir, seed: number, options: BoardOptions = {}) {
    const { print, host, controller: ofController, ...rest } = options;
    this.#clock = clock;
    const controller = air.controller({ profile, connections: 8, ...ofController });
    this.controller = controller;
    this.ble = new BLE({
      transport: () => controller.transport(),
      host: { clock, random: new SeededRandom(seed), ...host },
      ...rest,
    });
    this.ble.irq((...event) => {
      // What is borrowed may be reused once the handler has returned.
      this.events.push(structuredCloned(event));
      const isSecret = event[0] === _IRQ_GET_SECRET || event[0] === _IRQ_SET_SECRET;
      const line = print ? print(...event) : nameOf(event[0]);
      if (line !== undefined && !isSecret) this.log.push(line);
      const answer = this.handler?.(...event);
      this.#tell();
      return answer;
    });
  }

  /** The next event of that kind that no earlier call has given; time passes until it comes. */
  async wait<E extends Code>(event: E, timeoutMs = 60_000): Promise<DataOf<E>> {
    const promise = new Promise<DataOf<E>>((resolve) => {
      this.#waiting.push({ event, resolve: resolve });
      this.#tell();
    });
    return this.#clock.until(promise, timeoutMs);
  }

  /** Says what the test does, between the events. */
  print(...words: unknown[]): void {
    this.log.push(words.join(" "));
  }

  async activate(settings: ConfigSettings = {}): Promise<void> {
    this.ble.config(settings);
    expect(await this.#clock.until(this.ble.active(true))).toBe(true);
  }

  #tell(): void {
    for (const waiting of [...this.#waiting]) {
      const { event, resolve } = waiting;
      const given = this.#given.get(event) ?? 0;
      const next = this.events.filter(([code]) => code === event)[given];
      if (!next) continue;
      this.#given.set(event, given + 1);
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      resolve(next[1] as never);
    }
  }
}

function structuredCloned(event: BleEvent): BleEvent {
  const [code, data] = event;
  const copies = (data as readonly unknown[]).map((each) =>
    each instanceof Uint8Array ? new Uint8Array(each) : each,
  );
  return [code, copies] as unknown as BleEvent;
}

/** An air with 8 ms from board to board, and the boards on it. */
export class Boards {
  readonly clock: VirtualClock = new VirtualClock();
  readonly air: VirtualAir = new VirtualAir({ clock: this.clock, linkDelayMs: 8 });
  readonly #boards: Board[] = [];

  board(options: BoardOptions = {}): Board {
    const board = new Board(this.clock, this.air, this.#boards.length + 1, options);
    this.#boards.push(board);
    return board;
  }

  /** Makes `central` connect to `peripheral`, which advertises for it; gives the handles of both ends. */
  async connect(
    central: Board,
    peripheral: Board,
  ): Promise<{ readonly central: number; readonly peripheral: number }> {
    peripheral.ble.gap_advertise(20_000, payload);
    central.ble.gap_connect(...peripheral.ble.config("mac"));
    const [atCentral] = await central.wait(_IRQ_PERIPHERAL_CONNECT);
    const [atPeripheral] = await peripheral.wait(_IRQ_CENTRAL_CONNECT);
    return { central: atCentral, peripheral: atPeripheral };
  }

  sleep_ms(ms: number): Promise<void> {
    return this.clock.advance(ms);
  }

  /** Makes every board inactive. Then no timer runs, and no host has broken a rule of HCI. */
  async end(): Promise<void> {
    for (const { ble } of this.#boards) expect(await this.clock.until(ble.active(false))).toBe(false);
    await this.clock.advance(0);
    expect(this.clock.timers, "timers that are still running").toBe(0);
    for (const { controller } of this.#boards) {
      expect(controller.faults, "rules of HCI that the host has broken").toEqual([]);
    }
  }
}
