import fc from "fast-check";
import {
  Adversary,
  answersEveryRequestOnce,
  attacks,
  noHostFaults,
  staysAlive,
} from "../../../testing/index.ts";
import { openDoors, VirtualAir } from "../../../transports/virtual/index.ts";
import { startTheirPeripheral } from "./their-peripheral.ts";

await using air = new VirtualAir();
await using doors = await openDoors(air, [{ kind: "tcp", port: 0 }]);
const [door] = doors.doors;
if (door?.location.kind !== "tcp") throw new Error("there is one TCP door");
await startTheirPeripheral(door.location.port); // it speaks H4 to that port, and advertises
await using adversary = await Adversary.open(air.controller().transport(), { quietMs: 10 });

const { controller } = door;
await fc.assert(
  fc.asyncProperty(attacks({ maxSteps: 8, longestWait: 20 }), async (steps) => {
    const link = await adversary.connect(controller.address);
    await link.play(steps);
    answersEveryRequestOnce(link.transcript, { answering: "peripheral", ended: link.ended !== undefined });
    await link.disconnect();
    await staysAlive(adversary, controller.address);
    noHostFaults(controller);
  }),
  { numRuns: 20 },
);
