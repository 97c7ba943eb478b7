import { type Clock, Host, YesNoAgent } from "../../src/index.ts";
import { traced } from "../../transports/trace.ts";
import { VirtualAir } from "../../transports/virtual/index.ts";
import { HeartRateBelt } from "./belt.ts";
import type { Report, Side } from "./events.ts";
import { Onlooker } from "./onlooker.ts";
import { visit } from "./visit.ts";

/** What the tour needs. */
export interface TourOptions {
  readonly clock: Clock;
  readonly report: Report;
  /** Ends the tour at once; it throws the reason. */
  readonly signal: AbortSignal;
  /** How many measurements to wait for. */
  readonly count: number;
  /** From one measurement to the next. */
  readonly intervalMs: number;
  /** The file for the packets between the central and its controller. */
  readonly trace: string | undefined;
  /** Told of what no call fails with: a trace that cannot be written, a packet that makes no sense. */
  readonly onFault: (error: unknown) => void;
}

/** As much as an iPhone offers, and little enough for the longest values to need several requests. */
const centralMtu = 185;

/**
 * The main job of a Bluetooth LE stack from end to end: a peripheral and a central on a virtual radio find each other
 * and exchange values.
 */
export async function runTour(options: TourOptions): Promise<void> {
  const { clock, report, trace } = options;
  const began = clock.now();
  await meet(options);
  report({ event: "done", seconds: Math.round(clock.now() - began) / 1000, trace });
}

async function meet(options: TourOptions): Promise<void> {
  const { clock, report, signal, trace, onFault } = options;
  report({ event: "step", title: "Open two hosts, each on a virtual controller of its own" });
  const onlooker = new Onlooker();
  const agentOf = (host: Side): YesNoAgent =>
    new YesNoAgent((_device, digits) => {
      if (digits === undefined) return false; // nothing to compare
      report({ event: "comparing", host, digits });
      return onlooker.look(digits);
    });
  await using air = new VirtualAir({ clock });
  await using belt = await HeartRateBelt.open(air.controller({ rssi: -47 }).transport(), {
    ...options,
    agent: agentOf("peripheral"),
    onReset: (kilojoules) => report({ event: "energyReset", kilojoules }),
  });
  report({ event: "opened", host: "peripheral", address: belt.host.address });
  const controller = air.controller().transport();
  const transport =
    trace === undefined ? controller : traced(controller, { path: trace, clock, onError: onFault });
  await using central = await Host.open(transport, { mtu: centralMtu, clock, signal });
  central.agents.register(agentOf("central"));
  report({ event: "opened", host: "central", address: central.address });
  for (const host of [belt.host, central]) host.on("fault", onFault);
  await visit(belt, central, options);
}
