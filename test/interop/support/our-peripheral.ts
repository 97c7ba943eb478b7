import { expect, it } from "vitest";
import { AttError } from "../../../src/att/error.ts";
import type { AdvertiseOptions } from "../../../src/gap/advertising-plan.ts";
import type { Advertising } from "../../../src/gap/advertising.ts";
import type { Connection } from "../../../src/gap/connection.ts";
import type { HostOptions } from "../../../src/gap/host-options.ts";
import type { LocalCharacteristic } from "../../../src/gatt/local-characteristic.ts";
import { characteristic, descriptor, service } from "../../../src/gatt/service-builder.ts";
import type { Host } from "../../../src/host.ts";
import * as database from "../database.js";
import type { Peer } from "./peer.ts";
import { swallowed } from "./pairing.ts";
import { type PeerOptions, Radio } from "./radio.ts";

const { uuid, value } = database;

/** The service that our peripheral offers, as the peers' do. */
const definition = service(database.service, {
  short: characteristic(uuid.short, {
    value: value.short,
    descriptors: [descriptor("2901", { value: value.description })],
  }),
  long: characteristic(uuid.long, { value: value.long }),
  refused: characteristic(uuid.refused, {
    onRead: () => {
      throw new AttError(database.refusal);
    },
  }),
  written: characteristic(uuid.written, { write: true }),
  commanded: characteristic(uuid.commanded, { writeWithoutResponse: true }),
  notified: characteristic(uuid.notified, { notify: true }),
  indicated: characteristic(uuid.indicated, { indicate: true }),
  secret: characteristic(uuid.secret, { value: value.secret, permissions: { read: "encrypted" } }),
});

/** Our peripheral, the peer's central, and a link between them on which it has discovered everything. */
export interface Visit extends AsyncDisposable {
  readonly radio: Radio;
  readonly host: Host;
  readonly local: Readonly<Record<"written" | "commanded" | "notified" | "indicated", LocalCharacteristic>>;
  readonly advertising: Advertising;
  readonly peer: Peer;
  readonly connection: Connection;
  /** What the peer has found to connect to. */
  readonly found: Found;
}

interface Found {
  readonly address: string;
  readonly addressType: string;
  readonly connectable: boolean;
  readonly rssi: number;
  readonly services: readonly string[];
  readonly manufacturerData: Uint8Array;
}

interface PeerValue {
  readonly uuid: string;
  readonly value: Uint8Array;
}

/** What a suite needs to know of its peer. */
export interface CentralPeer extends PeerOptions {
  /** Of the program in `peers/`. */
  readonly program: string;
  readonly hostOptions?: HostOptions | undefined;
  /** How our peripheral advertises besides. */
  readonly advertising?: AdvertiseOptions;
  /** How many octets it reads of a long value at most; default all. */
  readonly mostRead?: number;
  /** What it makes of a value that is refused: default the error. */
  readonly refusal?: "error" | "empty value";
}

/** Has the peer find, connect to and discover our peripheral. */
export async function visit(
  name: string,
  { program, hostOptions, advertising: how, ...options }: CentralPeer,
): Promise<Visit> {
  const radio = new Radio(name);
  try {
    const host = await radio.host({ name: "ours", ...hostOptions }, options.controller);
    const local = host.gatt.add(definition);
    host.gatt.add(service(database.battery, { level: characteristic(uuid.level, { value: value.level }) }));
    const advertising = await host.advertise({
      name: "ours",
      services: [database.service],
      manufacturerData: [{ companyId: 0xffff, data: Uint8Array.of(4, 5, 6) }],
      intervalMs: 20,
      ...how,
    });
    const accepted = swallowed(advertising[Symbol.asyncIterator]().next());
    const peer = await radio.peer(program, options);
    const found = await peer.call<Found>("scan", { service: database.service });
    await peer.call("connect", found);
    const { value: connection } = await accepted;
    if (!connection) throw new Error("the advertising has ended");
    await peer.call("discover");
    const dispose = (): Promise<void> => radio[Symbol.asyncDispose]();
    return { radio, host, local, advertising, peer, connection, found, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await radio[Symbol.asyncDispose]();
    throw error;
  }
}

/** What every central can do with our peripheral. */
export function testOurPeripheral(name: string, central: CentralPeer): void {
  const visitAs = (part: string): Promise<Visit> => visit(`${name}-${part}`, central);

  it("finds it by its service, with what else it advertises", async () => {
    await using visited = await visitAs("scan");
    const { found, host } = visited;
    expect(found).toMatchObject({ addressType: "public", connectable: true, services: [database.service] });
    expect(found.address).toBe(host.address.toString().toLowerCase().replace("/public", ""));
    expect(found.rssi).toBe(-50);
    expect(Uint8Array.from(found.manufacturerData)).toEqual(Uint8Array.of(0xff, 0xff, 4, 5, 6));
  });

  it("discovers every service, with the properties of every characteristic", async () => {
    await using visited = await visitAs("discover");
    const services = await visited.peer.call<
      readonly {
        readonly uuid: string;
        readonly characteristics: readonly {
          readonly uuid: string;
          readonly properties: readonly string[];
        }[];
      }[]
    >("discover");
    const offered = services.map(({ uuid, characteristics }) => [
      uuid,
      Object.fromEntries(characteristics.map((each) => [each.uuid, each.properties])),
    ]);
    expect(Object.fromEntries(offered)).toMatchObject(database.services);
  });

  it("reads a short value, and a descriptor", async () => {
    await using visited = await visitAs("read");
    expect(await read(visited, uuid.short)).toEqual(value.short);
    expect(await read(visited, uuid.level)).toEqual(value.level);
    const descriptors = await visited.peer.call<readonly PeerValue[]>("descriptors", { uuid: uuid.short });
    expect(descriptors.map((each) => [each.uuid, Uint8Array.from(each.value)])).toEqual([
      ["2901", value.description],
    ]);
  });

  const { mostRead = value.long.length, refusal = "error" } = central;
  it(`reads a value of ${value.long.length} octets: ${mostRead} of them`, async () => {
    await using visited = await visitAs("read-long");
    expect(await read(visited, uuid.long)).toEqual(value.long.subarray(0, mostRead));
  });

  it(`is refused a value, and gives its program ${refusal === "error" ? "the error" : "an empty value"}`, async () => {
    await using visited = await visitAs("refused");
    const reading = read(visited, uuid.refused);
    if (refusal === "error") await expect(reading).rejects.toThrow("0x81");
    else expect(await reading).toEqual(new Uint8Array());
  });

  it("writes with a response and without", async () => {
    await using visited = await visitAs("write");
    const { local, peer } = visited;
    const written = new Promise((resolve) => local.written.once("written", resolve));
    await peer.call("write", { uuid: uuid.written, value: Uint8Array.of(1, 2) });
    expect(await written).toMatchObject({ value: Uint8Array.of(1, 2), acknowledged: true });
    const values: number[] = [];
    const all = new Promise<void>((resolve) => {
      local.commanded.on("written", (event) => {
        values.push(event.value[0] ?? -1);
        if (values.length === 100) resolve();
      });
    });
    for (let i = 0; i < 100; i++) {
      void swallowed(
        peer.call("write", { uuid: uuid.commanded, value: Uint8Array.of(i), withoutResponse: true }),
      );
    }
    await all;
    expect(values).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  it("writes a value that takes several requests", async () => {
    await using visited = await visitAs("write-long");
    const written = new Promise((resolve) => visited.local.written.once("written", resolve));
    const octets = Uint8Array.from({ length: 512 }, (_, i) => 255 - (i & 0xff));
    await visited.peer.call("write", { uuid: uuid.written, value: octets });
    expect(await written).toMatchObject({ value: octets });
  });

  it("subscribes to notifications, and hears a hundred in their order", async () => {
    await using visited = await visitAs("notify");
    const { local, peer } = visited;
    await peer.call("subscribe", { uuid: uuid.notified });
    for (let i = 0; i < 100; i++) expect(await local.notified.notify(new Uint8Array(20).fill(i))).toBe(1);
    const values = await peer.many<PeerValue>("value", 100);
    expect(values.map((each) => Uint8Array.from(each.value))).toEqual(
      Array.from({ length: 100 }, (_, i) => new Uint8Array(20).fill(i)),
    );
    await peer.call("unsubscribe", { uuid: uuid.notified });
    expect(await local.notified.notify(Uint8Array.of(1))).toBe(0);
  });

  it("subscribes to indications, and confirms them", async () => {
    await using visited = await visitAs("indicate");
    const { local, peer } = visited;
    await peer.call("subscribe", { uuid: uuid.indicated });
    for (let i = 0; i < 3; i++) {
      expect(await local.indicated.indicate(Uint8Array.of(i))).toBe(1);
      expect(Uint8Array.from((await peer.next<PeerValue>("value")).value)).toEqual(Uint8Array.of(i));
    }
  });

  it("reads the strength of our signal", async () => {
    await using visited = await visitAs("rssi");
    expect(await visited.peer.call<number>("rssi")).toBe(-50);
  });

  it("ends the connection, from either side, and connects again", async () => {
    await using visited = await visitAs("disconnect");
    const { advertising, connection, found, peer } = visited;
    const gone = new Promise((resolve) => connection.once("disconnected", resolve));
    await peer.call("disconnect");
    await gone;
    await peer.next("disconnected");
    const accepted = advertising[Symbol.asyncIterator]().next();
    await peer.call("connect", found);
    const { value: again } = await accepted;
    await again?.disconnect();
    await peer.next("disconnected");
  });
}

/** Has the peer read. */
export async function read({ peer }: Visit, wanted: string): Promise<Uint8Array> {
  return Uint8Array.from(await peer.call<Uint8Array>("read", { uuid: wanted }));
}
