import { Opcode } from "../../src/att/opcode.ts";
import { characteristic, service } from "../../src/index.ts";
import { Arrivals } from "../arrivals.ts";
import type { FloorHost } from "../floor-host.ts";
import { openFloorPair } from "../floor-pair.ts";
import { closeHosts, openPair } from "../jelling-pair.ts";
import { type Budget, measure, measureAllocation, type Measurement, type Work } from "../measurement.ts";
import type { Run, Subject } from "../scenario.ts";
import { someValue, streamOctets } from "../values.ts";

type Measure = (work: Work, budget: Budget) => Promise<Measurement>;

const value = someValue(streamOctets);
const attHeaderSize = 3;

/** The peripheral notifies as fast as it may; the central sees each value and keeps none. */
export const notification: Run = (subject, budget) => notifying(subject, budget, measure);

/** What the same allocates. */
export const notificationAllocation: Run = (subject, budget) => notifying(subject, budget, measureAllocation);

/** The peripheral notifies as fast as it may; the central iterates, and so gets a copy of each value. */
export const notificationIterated: Run = async (subject, budget) => {
  if (subject === "floor") {
    const { central, peripheral } = await openFloorPair();
    return measure(floorStream(peripheral, central, Opcode.HandleValueNotification, true), budget);
  }
  const pair = await openPair(service("180d", { stream: characteristic("2a37", { notify: true }) }));
  const remote = await pair.connection.gatt.characteristic("180d", "2a37");
  const subscription = await remote.subscribe();
  const arrivals = new Arrivals();
  const iteration = (async () => {
    for await (const value of subscription) if (value.length === streamOctets) arrivals.count();
  })();
  const measurement = await measure(async (operations) => {
    const last = arrivals.expect(operations);
    for (let i = 0; i < operations; i++) await pair.local.stream.notify(value);
    await last;
  }, budget);
  await subscription[Symbol.asyncDispose]();
  await iteration;
  await closeHosts(pair);
  return measurement;
};

/** The central writes as fast as it may; the peripheral's handler sees each value. */
export const writeWithoutResponse: Run = async (subject, budget) => {
  if (subject === "floor") {
    const { central, peripheral } = await openFloorPair();
    return measure(floorStream(central, peripheral, Opcode.WriteCommand, true), budget);
  }
  const arrivals = new Arrivals();
  const pair = await openPair(
    service("180d", {
      sink: characteristic("2a39", { writeWithoutResponse: true, onWrite: arrivals.count }),
    }),
  );
  const remote = await pair.connection.gatt.characteristic("180d", "2a39");
  const measurement = await measure(async (operations) => {
    const last = arrivals.expect(operations);
    for (let i = 0; i < operations; i++) await remote.writeWithoutResponse(value);
    await last;
  }, budget);
  await closeHosts(pair);
  return measurement;
};

async function notifying(subject: Subject, budget: Budget, measured: Measure): Promise<Measurement> {
  if (subject === "floor") {
    const { central, peripheral } = await openFloorPair();
    return measured(floorStream(peripheral, central, Opcode.HandleValueNotification, false), budget);
  }
  const pair = await openPair(service("180d", { stream: characteristic("2a37", { notify: true }) }));
  const remote = await pair.connection.gatt.characteristic("180d", "2a37");
  const arrivals = new Arrivals();
  await remote.subscribe({ onValue: arrivals.count });
  const measurement = await measured(async (operations) => {
    const last = arrivals.expect(operations);
    for (let i = 0; i < operations; i++) await pair.local.stream.notify(value);
    await last;
  }, budget);
  await closeHosts(pair);
  return measurement;
}

/** @param keeping - The receiver copies each value, as a program does that keeps it. */
function floorStream(from: FloorHost, to: FloorHost, opcode: number, keeping: boolean): Work {
  const arrivals = new Arrivals();
  to.onPdu = (packet, start) => {
    const at = start + attHeaderSize;
    const taken = keeping ? packet.slice(at) : packet.subarray(at);
    if (taken.length === streamOctets) arrivals.count();
  };
  return (operations) => {
    let left = operations;
    const last = arrivals.expect(operations);
    const send = (): void => {
      for (; left > 0 && from.credits > 0; left--) from.send(opcode, 1, value);
    };
    from.onCredits = send;
    send();
    return last;
  };
}
