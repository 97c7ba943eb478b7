import { createHash } from "node:crypto";
import { afterAll, describe, expect, it } from "vitest";
import { RecordingAgent } from "../../src/gap/agents/recording-agent.ts";
import type { Connection } from "../../src/gap/connection.ts";
import type { HostOptions } from "../../src/gap/host-options.ts";
import { characteristic, service } from "../../src/gatt/service-builder.ts";
import type { LocalService } from "../../src/gatt/server.ts";
import { Host } from "../../src/host.ts";
import { openUnix } from "../../transports/unix.ts";
import { type BtvirtServer, type ControllerKind, startServer } from "./btvirt/server.ts";

const server = await startServer();
const title = typeof server === "string" ? `btvirt (skipped: ${server})` : `btvirt ${server.version}`;

/** What each of these may take on a machine that has nothing else to do, in ms. */
const inTime = { timeout: 5_000 };

const lamp = service("3a0f0001-7d4c-4e0b-9d39-2f6b1c8e5a10", {
  open: characteristic("3a0f0002-7d4c-4e0b-9d39-2f6b1c8e5a10", {
    value: Uint8Array.from({ length: 300 }, (_, i) => i & 0xff),
    write: true,
  }),
  secret: characteristic("3a0f0003-7d4c-4e0b-9d39-2f6b1c8e5a10", {
    value: Uint8Array.of(1, 2, 3),
    permissions: { read: "encrypted" },
  }),
  notified: characteristic("3a0f0004-7d4c-4e0b-9d39-2f6b1c8e5a10", { notify: true, indicate: true }),
});

/** Two hosts on two of its controllers, and a link between them. */
interface Pair extends AsyncDisposable {
  readonly central: Host;
  readonly peripheral: Host;
  readonly local: LocalService<typeof lamp.characteristics>;
  readonly connection: Connection;
  readonly accepted: Connection;
}

async function openHost(btvirt: BtvirtServer, kind: ControllerKind, options?: HostOptions): Promise<Host> {
  return Host.open(await openUnix({ path: btvirt.path(kind) }), options);
}

async function openPair(btvirt: BtvirtServer, kind: ControllerKind, options?: HostOptions): Promise<Pair> {
  const [central, peripheral] = [
    await openHost(btvirt, kind, options),
    await openHost(btvirt, kind, options),
  ];
  const local = peripheral.gatt.add(lamp);
  const advertising = await peripheral.advertise({ name: "lamp", services: [lamp.uuid], resume: false });
  const accepted = advertising[Symbol.asyncIterator]().next();
  const connection = await central.connect(peripheral.address);
  const { value } = await accepted;
  if (!value) throw new Error("the peripheral has not heard of the connection");
  return {
    ...{ central, peripheral, local, connection, accepted: value },
    async [Symbol.asyncDispose]() {
      await central[Symbol.asyncDispose]();
      await peripheral[Symbol.asyncDispose]();
    },
  };
}

const [lampUuid, openUuid, secretUuid, notifiedUuid] = [
  lamp.uuid,
  lamp.characteristics.open.uuid,
  lamp.characteristics.secret.uuid,
  lamp.characteristics.notified.uuid,
];

describe.skipIf(typeof server === "string")(title, () => {
  if (typeof server === "string") return;
  afterAll(() => server[Symbol.asyncDispose]());

  for (const kind of ["le", "bredrle"] as const) {
    describe(`two hosts on its ${kind} controllers`, () => {
      it("scan and find each other, with name and services", inTime, async () => {
        await using peripheral = await openHost(server, kind);
        await using central = await openHost(server, kind);
        await peripheral.advertise({ name: "lamp", services: [lampUuid] });
        for await (const found of central.scan({ services: [lampUuid] })) {
          if (found.name === undefined) continue; // the scan response is yet to come
          expect(found).toMatchObject({ name: "lamp", connectable: true });
          expect(found.address.equals(peripheral.address)).toBe(true);
          break;
        }
      });

      it("connect, and disconnect from either side", inTime, async () => {
        await using pair = await openPair(server, kind);
        const { connection, accepted, central, peripheral } = pair;
        expect(accepted.peerAddress.equals(central.address)).toBe(true);
        const gone = new Promise((resolve) => connection.once("disconnected", resolve));
        await accepted.disconnect();
        await gone;
        const advertising = await peripheral.advertise({ resume: false });
        const accepting = advertising[Symbol.asyncIterator]().next();
        const again = await central.connect(peripheral.address);
        const { value: taken } = await accepting;
        const left = new Promise((resolve) => taken?.once("disconnected", resolve));
        await again.disconnect();
        await left;
      });

      it("discover services, read and write what is longer than the MTU", inTime, async () => {
        await using pair = await openPair(server, kind);
        const { gatt } = pair.connection;
        expect((await gatt.services()).map(String)).not.toEqual([]);
        const open = await gatt.characteristic(lampUuid, openUuid);
        expect(await open.read()).toEqual(pair.local.open.value);
        const longer = new Uint8Array(512).fill(7);
        await open.write(longer);
        expect(pair.local.open.value).toEqual(longer);
      });

      it("notify a hundred values in their order, and indicate one", inTime, async () => {
        await using pair = await openPair(server, kind);
        const notified = await pair.connection.gatt.characteristic(lampUuid, notifiedUuid);
        await using subscription = await notified.subscribe();
        const values = subscription[Symbol.asyncIterator]();
        for (let i = 0; i < 100; i++) void pair.local.notified.notify(new Uint8Array(100).fill(i));
        for (let i = 0; i < 100; i++)
          expect((await values.next()).value).toEqual(new Uint8Array(100).fill(i));
        await subscription[Symbol.asyncDispose]();
        await using indicated = await notified.subscribe({ indicate: true });
        expect(await pair.local.notified.indicate(Uint8Array.of(9))).toBe(1);
        expect((await indicated[Symbol.asyncIterator]().next()).value).toEqual(Uint8Array.of(9));
      });

      for (const secureConnections of ["required", "off"] as const) {
        const how = secureConnections === "off" ? "LE legacy pairing" : "Secure Connections";
        it(`pair by ${how}, and read a value that needs encryption`, inTime, async () => {
          await using pair = await openPair(server, kind, { pairing: { secureConnections } });
          const secret = await pair.connection.gatt.characteristic(lampUuid, secretUuid);
          expect(await secret.read()).toEqual(Uint8Array.of(1, 2, 3));
          expect(pair.connection.security).toMatchObject({
            encrypted: true,
            secureConnections: secureConnections === "required",
          });
        });

        it(`pair by ${how} with a passkey, and encrypt again with the bond`, inTime, async () => {
          await using pair = await openPair(server, kind, { pairing: { mitm: true, secureConnections } });
          let show: (passkey: string) => void = () => undefined;
          const shown = new Promise<string>((resolve) => (show = resolve));
          const onCall = ({ passkey }: { passkey?: string }): void => {
            if (passkey !== undefined) show(passkey);
          };
          pair.peripheral.agents.register(new RecordingAgent({ capability: "DisplayOnly", onCall }));
          pair.central.agents.register(
            new RecordingAgent({ capability: "KeyboardOnly", passkey: () => shown }),
          );
          expect(await pair.connection.pair()).toMatchObject({ authenticated: true });
          await pair.connection.disconnect();
          await pair.peripheral.advertise({ resume: false });
          const again = await pair.central.connect(pair.peripheral.address);
          expect(await again.encrypt()).toMatchObject({ encrypted: true, authenticated: true, bonded: true });
        });
      }

      it("open a channel and send 100 KiB through it, both ways", inTime, async () => {
        await using pair = await openPair(server, kind);
        const listener = pair.peripheral.listen({ spsm: 0x80 });
        const incoming = listener[Symbol.asyncIterator]().next();
        const opened = await pair.connection.openChannel({ spsm: 0x80 });
        const { value: taken } = await incoming;
        if (!taken) throw new Error("the listener has ended");
        for (const [from, to] of [[opened, taken] as const, [taken, opened] as const]) {
          const [sent, received] = [createHash("sha256"), createHash("sha256")];
          const receiving = (async () => {
            let i = 0;
            for await (const sdu of to) {
              received.update(sdu);
              if (++i === 50) break;
            }
          })();
          for (let i = 0; i < 50; i++) {
            const sdu = new Uint8Array(2048).fill(i);
            sent.update(sdu);
            await from.send(sdu);
          }
          await receiving;
          expect(received.digest("hex")).toBe(sent.digest("hex"));
        }
      });
    });
  }
});
