import { toHex } from "../../src/common/bytes.ts";
import {
  AttError,
  type Connection,
  type Found,
  type Host,
  NotFoundError,
  type RemoteCharacteristic,
} from "../../src/index.ts";
import { HeartRateCommand, heartRateMeasurement, ServiceUuid } from "../../src/profiles/index.ts";
import { type HeartRateBelt, logCharacteristic, logService, wearerCharacteristic } from "./belt.ts";
import type { Named, NamedService } from "./events.ts";
import { describeService, namedService } from "./names.ts";
import { type UploadOptions, uploadTo } from "./upload.ts";

/** How to visit. */
export interface VisitOptions extends UploadOptions {
  /** How many measurements to wait for. */
  readonly count: number;
}

/** A connection, and what every part of the visit needs beside it. */
interface Visit extends VisitOptions {
  readonly connection: Connection;
  readonly names: readonly NamedService[];
}

const patienceMs = 10_000;
const bodySensorLocations = ["other", "chest", "wrist", "finger", "hand", "ear lobe", "foot"];

/** From advertising to disconnection: all that the two hosts have to do with each other. */
export async function visit(belt: HeartRateBelt, central: Host, options: VisitOptions): Promise<void> {
  const { report, signal } = options;
  report({ event: "step", title: "Advertise, and scan for heart rate sensors" });
  await belt.advertise(signal); // until the belt closes
  report({ event: "advertising", ...belt.advertised });
  const found = await find(central, options);

  report({ event: "step", title: "Connect, agree on the MTU, and discover all that the peripheral has" });
  await using connection = await central.connect(found, { signal, timeoutMs: patienceMs });
  report({ event: "connected", address: connection.peerAddress, parameters: connection.parameters });
  const visit: Visit = { ...options, connection, names: await discover(connection, options) };

  report({ event: "step", title: "Read values" });
  await readAll(visit);
  report({ event: "step", title: "Read a value that needs pairing, which begins by itself" });
  await readProtected(visit);
  report({ event: "step", title: "Write a command, and one that the peripheral refuses" });
  const controlPoint = await connection.gatt.characteristic("180d", "2a39", { signal });
  await write(visit, controlPoint, Uint8Array.of(HeartRateCommand.ResetEnergyExpended));
  await write(visit, controlPoint, Uint8Array.of(99));
  report({ event: "step", title: "Subscribe to the measurements" });
  await measure(visit);

  report({ event: "step", title: "Open a channel beside GATT, and send 1 MiB through it" });
  await uploadTo(connection, options);

  report({ event: "step", title: "Disconnect" });
  await part(belt, connection, options);
}

async function find(central: Host, { report, signal }: VisitOptions): Promise<Found> {
  for await (const found of central.scan({ services: ["180d"], durationMs: patienceMs, signal })) {
    const { address, name, rssi, services } = found;
    report({ event: "found", address, name, rssi, services: services.map(namedService) });
    return found;
  }
  throw new NotFoundError(`no heart rate sensor was heard within ${patienceMs} ms`);
}

async function discover(
  { gatt }: Connection,
  { report, signal }: VisitOptions,
): Promise<readonly NamedService[]> {
  const discovered = await gatt.services({ signal });
  report({ event: "mtu", mtu: gatt.mtu }); // exchanged by the first request
  const services: NamedService[] = [];
  for (const service of discovered) services.push(await describeService(service, signal));
  report({ event: "services", services });
  return services;
}

async function readAll(visit: Visit): Promise<void> {
  await read(visit, "1800", "2a00", asText);
  await read(visit, "180f", "2a19", ([percent]) => `${percent ?? "?"} %`);
  await read(visit, "180d", "2a38", ([location]) => bodySensorLocations[location ?? 0] ?? "unknown");
  await read(visit, logService, logCharacteristic, asText);
}

/** The belt refuses the first request; the hosts compare a number, encrypt the link, and the second is answered. */
async function readProtected(visit: Visit): Promise<void> {
  const { connection, names, report, signal } = visit;
  const wearer = await connection.gatt.characteristic(logService, wearerCharacteristic, { signal });
  report({ event: "reading", ...named(names, wearer) });
  connection.once("securityChanged", (security) => report({ event: "secured", ...security }));
  await read(visit, logService, wearerCharacteristic, asText, 2);
}

function asText(value: Uint8Array): string {
  return JSON.stringify(new TextDecoder().decode(value));
}

async function read(
  { connection, names, report, signal }: Visit,
  service: string,
  uuid: string,
  meaningOf: (value: Uint8Array) => string,
  leastRequests = 1,
): Promise<void> {
  const { gatt } = connection;
  const characteristic = await gatt.characteristic(service, uuid, { signal });
  const value = await characteristic.read({ signal });
  report({
    event: "read",
    ...named(names, characteristic),
    value: toHex(value),
    octets: value.length,
    meaning: meaningOf(value),
    requests: leastRequests + Math.floor(value.length / (gatt.mtu - 1)), // a full response asks for another
  });
}

async function write(
  { names, report, signal }: Visit,
  characteristic: RemoteCharacteristic,
  value: Uint8Array,
): Promise<void> {
  const what = named(names, characteristic);
  report({ event: "writing", ...what, value: toHex(value) });
  let refused: string | undefined;
  try {
    await characteristic.write(value, { signal });
  } catch (error) {
    if (!(error instanceof AttError)) throw error;
    refused = error.message;
  }
  report({ event: "written", ...what, refused });
}

async function measure({ connection, report, signal, count }: Visit): Promise<void> {
  const measurement = await heartRateMeasurement.find(connection.gatt, ServiceUuid.HeartRate, { signal });
  let number = 0;
  for await (const value of measurement.notifications({ signal })) {
    const { beatsPerMinute, contact, energyExpended, rrIntervals = [] } = value;
    report({
      event: "measurement",
      number: ++number,
      beatsPerMinute,
      contact,
      kilojoules: energyExpended,
      rrIntervalsMs: rrIntervals.map(Math.round),
    });
    if (number === count) break;
  }
}

/** Each side learns in its own words why the link is gone. */
async function part(
  { host }: HeartRateBelt,
  connection: Connection,
  { report, signal }: VisitOptions,
): Promise<void> {
  const [other] = host.connections;
  const gone = new Promise<void>((resolve) => {
    const tell = (reason: Error): void => {
      report({ event: "disconnected", host: "peripheral", reason: reason.message });
      resolve();
    };
    if (other) other.once("disconnected", tell);
    else resolve();
  });
  await connection.disconnect({ signal });
  const reason = connection.disconnectReason?.message ?? "";
  report({ event: "disconnected", host: "central", reason });
  await gone;
}

function named(services: readonly NamedService[], { uuid, handle }: RemoteCharacteristic): Named {
  const all = services.flatMap(({ characteristics }) => characteristics);
  return { uuid, name: all.find((each) => each.handle === handle)?.name };
}
