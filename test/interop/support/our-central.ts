import { expect, it } from "vitest";
import type { Connection } from "../../../src/gap/connection.ts";
import type { HostOptions } from "../../../src/gap/host-options.ts";
import { propertyList } from "../../../src/gatt/declaration.ts";
import type { RemoteCharacteristic } from "../../../src/gatt/remote-characteristic.ts";
import type { Host } from "../../../src/host.ts";
import * as database from "../database.js";
import type { Peer } from "./peer.ts";
import { swallowed } from "./pairing.ts";
import { type PeerOptions, Radio } from "./radio.ts";

/** Our central, the peer's peripheral, and a link between them. */
export interface Meeting extends AsyncDisposable {
  readonly radio: Radio;
  readonly host: Host;
  readonly peer: Peer;
  readonly connection: Connection;
  find(uuid: string): Promise<RemoteCharacteristic>;
}

/** What the peer writes down of a write. */
interface Written {
  readonly uuid: string;
  readonly value: Uint8Array;
  readonly withoutResponse: boolean;
}

/** What is written is longer than any MTU carries at once. */
const longValue = Uint8Array.from({ length: 400 }, (_, i) => 255 - (i & 0xff));

/** What a suite needs to know of its peer. */
export interface PeripheralPeer extends PeerOptions {
  /** Of the program in `peers/`. */
  readonly program: string;
  readonly hostOptions?: HostOptions | undefined;
}

/** Has our central find and connect to the peer. */
export async function meet(
  name: string,
  { program, hostOptions, ...options }: PeripheralPeer,
): Promise<Meeting> {
  const radio = new Radio(name);
  try {
    const peer = await radio.peer(program, options);
    const host = await radio.host(hostOptions, options.controller);
    await peer.call("advertise", { name: "theirs" });
    const connection = await host.connect(await seek(host));
    await peer.next("connected");
    return {
      ...{ radio, host, peer, connection },
      find: (uuid) =>
        connection.gatt.characteristic(
          uuid === database.uuid.level ? database.battery : database.service,
          uuid,
        ),
      [Symbol.asyncDispose]: () => radio[Symbol.asyncDispose](),
    };
  } catch (error) {
    await radio[Symbol.asyncDispose]();
    throw error;
  }
}

async function seek(host: Host): Promise<string> {
  for await (const { address, name } of host.scan({ services: [database.service] })) {
    if (name === "theirs") return address.toString();
  }
  throw new Error("the scan has ended");
}

/** The UUIDs and properties of what the peer offers besides what every server has. */
async function offered(connection: Connection): Promise<unknown> {
  const plain = (uuid: { toString(): string }): string => uuid.toString().replaceAll("-", "");
  const services = (await connection.gatt.services()).filter(({ uuid }) => plain(uuid) in database.services);
  return Object.fromEntries(
    services.map(({ uuid, characteristics }) => [
      plain(uuid),
      Object.fromEntries(characteristics.map((each) => [plain(each.uuid), propertyList(each.properties)])),
    ]),
  );
}

/** What our central can do with every peripheral. */
export function testOurCentral(name: string, peripheral: PeripheralPeer): void {
  const meetAs = (part: string): Promise<Meeting> => meet(`${name}-${part}`, peripheral);

  it("is found by its service and name, with what else it advertises", async () => {
    await using radio = new Radio(`${name}-scan`);
    const peer = await radio.peer(peripheral.program, peripheral);
    const host = await radio.host(peripheral.hostOptions, peripheral.controller);
    await peer.call("advertise", { name: "theirs" });
    for await (const found of host.scan({ services: [database.service] })) {
      if (found.name === undefined) continue; // the scan response is yet to come
      expect(found).toMatchObject({ name: "theirs", connectable: true });
      expect(found.services.map(String)).toEqual([found.services[0]?.toString()]);
      break;
    }
  });

  it("is connected to and discovered, with the properties of every characteristic", async () => {
    await using meeting = await meetAs("discover");
    expect(await offered(meeting.connection)).toEqual(database.services);
    expect(meeting.connection.mtu).toBeGreaterThan(23);
  });

  it("has a short value read, and a descriptor", async () => {
    await using meeting = await meetAs("read");
    const short = await meeting.find(database.uuid.short);
    expect(await short.read()).toEqual(database.value.short);
    const [description] = short.descriptors;
    expect(await description?.read()).toEqual(database.value.description);
    expect(await (await meeting.find(database.uuid.level)).read()).toEqual(database.value.level);
  });

  it("has a value read that is longer than the MTU of its kind of link", async () => {
    await using meeting = await meetAs("read-long");
    expect(await (await meeting.find(database.uuid.long)).read()).toEqual(database.value.long);
  });

  it("refuses to have a value read, and the error is the one it gave", async () => {
    await using meeting = await meetAs("refuse");
    const refused = await meeting.find(database.uuid.refused);
    await expect(refused.read()).rejects.toMatchObject({ code: "ATT_ERROR", status: database.refusal });
  });

  it("is written to, with a response and without", async () => {
    await using meeting = await meetAs("write");
    await (await meeting.find(database.uuid.written)).write(Uint8Array.of(1, 2));
    expect(await meeting.peer.next<Written>("written")).toMatchObject({ withoutResponse: false });
    const commanded = await meeting.find(database.uuid.commanded);
    for (let i = 0; i < 100; i++) await commanded.writeWithoutResponse(Uint8Array.of(i));
    const all = await meeting.peer.many<Written>("written", 100);
    expect(all.map(({ value }) => value[0])).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(all.every(({ withoutResponse }) => withoutResponse)).toBe(true);
  });

  it("has a value written that takes several requests", async () => {
    await using meeting = await meetAs("write-long");
    await (await meeting.find(database.uuid.written)).write(longValue, { long: true });
    const { value } = await meeting.peer.next<Written>("written");
    expect(Uint8Array.from(value)).toEqual(longValue);
  });

  it("notifies a hundred values, which come in their order", async () => {
    await using meeting = await meetAs("notify");
    const notified = await meeting.find(database.uuid.notified);
    await using subscription = await notified.subscribe();
    await meeting.peer.next("subscribed");
    for (let i = 0; i < 100; i++) {
      void swallowed(
        meeting.peer.call("update", { uuid: database.uuid.notified, value: new Uint8Array(20).fill(i) }),
      );
    }
    const values = subscription[Symbol.asyncIterator]();
    for (let i = 0; i < 100; i++) expect((await values.next()).value).toEqual(new Uint8Array(20).fill(i));
    await subscription[Symbol.asyncDispose]();
    await meeting.peer.next("unsubscribed");
  });

  it("indicates a value, and hears that it was confirmed", async () => {
    await using meeting = await meetAs("indicate");
    await using subscription = await (await meeting.find(database.uuid.indicated)).subscribe();
    await meeting.peer.next("subscribed");
    await meeting.peer.call("update", { uuid: database.uuid.indicated, value: Uint8Array.of(7) });
    expect((await subscription[Symbol.asyncIterator]().next()).value).toEqual(Uint8Array.of(7));
    await meeting.peer.next("confirmed");
  });

  it("has a value read that needs encryption: the link is paired on its own account, Just Works", async () => {
    await using meeting = await meetAs("secret");
    expect(await (await meeting.find(database.uuid.secret)).read()).toEqual(database.value.secret);
    expect(meeting.connection.security).toMatchObject({ encrypted: true, authenticated: false, keySize: 16 });
  });

  it("ends the connection, from either side, and is connected to again", async () => {
    await using meeting = await meetAs("disconnect");
    const { host, peer, connection } = meeting;
    const gone = new Promise((resolve) => connection.once("disconnected", resolve));
    await peer.call("disconnect");
    await peer.next("disconnected");
    await gone;
    expect(connection.disconnectReason).toMatchObject({ code: "DISCONNECTED" });
    await peer.call("advertise", { name: "theirs" });
    const again = await host.connect(connection.peerAddress);
    await peer.next("connected");
    await again.disconnect();
    await peer.next("disconnected");
  });
}
