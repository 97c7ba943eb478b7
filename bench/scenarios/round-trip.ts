import { Opcode } from "../../src/att/opcode.ts";
import { noOctets } from "../../src/common/bytes.ts";
import { characteristic, service } from "../../src/index.ts";
import { Arrivals } from "../arrivals.ts";
import { openFloorPair } from "../floor-pair.ts";
import { closeHosts, openPair } from "../jelling-pair.ts";
import { measure, type Work } from "../measurement.ts";
import type { Run } from "../scenario.ts";
import { readOctets, someValue, writeOctets } from "../values.ts";

const offered = service("180d", {
  value: characteristic("2a38", { read: true, write: true, value: someValue(readOctets) }),
});

/** One read after the other, each waited for. */
export const read: Run = async (subject, budget) => {
  if (subject === "floor") {
    return measure(
      await floorRoundTrip(
        { opcode: Opcode.ReadRequest, value: noOctets },
        { opcode: Opcode.ReadResponse, value: someValue(readOctets) },
      ),
      budget,
    );
  }
  const pair = await openPair(offered);
  const remote = await pair.connection.gatt.characteristic("180d", "2a38");
  const measurement = await measure(async (operations) => {
    for (let i = 0; i < operations; i++) await remote.read();
  }, budget);
  await closeHosts(pair);
  return measurement;
};

/** One write after the other, each waited for; the server keeps the value and has no handler. */
export const write: Run = async (subject, budget) => {
  const value = someValue(writeOctets);
  if (subject === "floor") {
    return measure(
      await floorRoundTrip(
        { opcode: Opcode.WriteRequest, value },
        { opcode: Opcode.WriteResponse, value: noOctets },
      ),
      budget,
    );
  }
  const pair = await openPair(offered);
  const remote = await pair.connection.gatt.characteristic("180d", "2a38");
  const measurement = await measure(async (operations) => {
    for (let i = 0; i < operations; i++) await remote.write(value);
  }, budget);
  await closeHosts(pair);
  return measurement;
};

interface Pdu {
  readonly opcode: number;
  readonly value: Uint8Array;
}

/** Request and response between two hosts that only frame; both copy the value they get. */
async function floorRoundTrip(request: Pdu, response: Pdu): Promise<Work> {
  const { central, peripheral } = await openFloorPair();
  const arrivals = new Arrivals();
  let left = 0;
  peripheral.onPdu = (packet, start) => {
    const written = packet.slice(start + 3);
    if (written.length === request.value.length) peripheral.answer(response.opcode, response.value);
  };
  const next = (): void => {
    if (left-- > 0) central.send(request.opcode, 1, request.value);
  };
  central.onPdu = (packet, start) => {
    const got = packet.slice(start + 1);
    if (got.length !== response.value.length) return;
    arrivals.count();
    next();
  };
  return (operations) => {
    left = operations;
    const last = arrivals.expect(operations);
    next();
    return last;
  };
}
