import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { SeededRandom } from "../../src/common/random.ts";
import type { Connection } from "../../src/gap/connection.ts";
import { characteristic, service } from "../../src/gatt/service-builder.ts";
import { Host } from "../../src/host.ts";
import { H4Framer } from "../../transports/h4-framer.ts";
import { openSerial } from "../../transports/serial.ts";
import { VirtualAir, type VirtualController } from "../../transports/virtual/index.ts";
import { openPty, type Pty } from "../transports/pty.ts";
import { installedAtRoot } from "./support/installed.ts";

const serialport = await installedAtRoot("serialport");
const hasSocat = spawnSync("socat", ["-V"]).error === undefined;
const title = hasSocat ? serialport.title : "serialport (skipped: socat is not installed)";

/** Any command will do. */
const readBdAddr = 0x1009;
const value = Uint8Array.from({ length: 300 }, (_, i) => i & 0xff);
const secret = Uint8Array.of(1, 2, 3);
const lamp = service("1815", {
  digital: characteristic("2a56", { value, notify: true }),
  secret: characteristic("2a58", { value: secret, permissions: { read: "encrypted" } }),
});

/** Joins a controller to the end of a pseudo-terminal where a device would be. */
function plugIn(controller: VirtualController, { device }: Pty): void {
  const transport = controller.transport();
  const framer = new H4Framer();
  transport.start({
    packet: (packet) => device.write(packet.slice()),
    closed: () => undefined,
  });
  device.on("data", (chunk: Uint8Array) => {
    framer.push(chunk, { packet: (packet) => transport.send(packet.slice()) });
  });
}

/** A host at a serial port, and one that is not, with a link between them. */
interface Bench extends AsyncDisposable {
  readonly pty: Pty;
  readonly central: Host;
  readonly peripheral: Host;
  readonly connection: Connection;
}

async function setUp(): Promise<Bench> {
  const pty = await openPty();
  const air = new VirtualAir();
  plugIn(air.controller(), pty);
  const transport = await openSerial({ path: pty.path, baudRate: 1_000_000 });
  const central = await Host.open(transport);
  const peripheral = await Host.open(air.controller().transport());
  peripheral.gatt.add(lamp);
  await peripheral.advertise({ name: "lamp" });
  const connection = await central.connect(peripheral.address);
  return {
    ...{ pty, central, peripheral, connection },
    async [Symbol.asyncDispose]() {
      await central[Symbol.asyncDispose]();
      await peripheral[Symbol.asyncDispose]();
      await pty[Symbol.asyncDispose]();
      await air[Symbol.asyncDispose]();
    },
  };
}

describe.skipIf(serialport.skipped || !hasSocat)(`${title} on a pseudo-terminal`, () => {
  it("carries a host that discovers, reads, pairs and subscribes", async () => {
    await using bench = await setUp();
    const { gatt } = bench.connection;
    expect(await (await gatt.characteristic("1815", "2a56")).read()).toEqual(value);
    expect(await (await gatt.characteristic("1815", "2a58")).read()).toEqual(secret);
    expect(bench.connection.security).toMatchObject({ encrypted: true, secureConnections: true });
  });

  it("carries 1 MiB each way as fast as it goes, unharmed", async () => {
    await using bench = await setUp();
    const listener = bench.peripheral.listen({ spsm: 0x80, mtu: 4096 });
    const incoming = listener[Symbol.asyncIterator]().next();
    const opened = await bench.connection.openChannel({ spsm: 0x80, mtu: 4096 });
    const { value: taken } = await incoming;
    if (!taken) throw new Error("the listener has ended");
    const random = new SeededRandom(1);
    const sdus = Array.from({ length: 256 }, () => random.bytes(4096));
    const sum = createHash("sha256").update(Buffer.concat(sdus)).digest("hex");
    for (const [from, to] of [[opened, taken] as const, [taken, opened] as const]) {
      const hash = createHash("sha256");
      const receiving = (async () => {
        let left = sdus.length;
        for await (const sdu of to) {
          hash.update(sdu);
          if (--left === 0) break;
        }
      })();
      for (const sdu of sdus) await from.send(sdu);
      await receiving;
      expect(hash.digest("hex")).toBe(sum);
    }
  });

  it("finds the packets again behind noise, a hundred times, and tells of each", async () => {
    await using bench = await setUp();
    const { central, connection, pty } = bench;
    const characteristic = await connection.gatt.characteristic("1815", "2a56");
    let faults = 0;
    central.on("fault", () => faults++);
    const random = new SeededRandom(2);
    for (let i = 0; i < 100; i++) {
      const [length = 0] = random.bytes(1);
      // A line that hangs in the air reads mostly ones. Its first octet begins no packet.
      pty.device.write(random.bytes(1 + (length & 63)).map((octet, at) => (at === 0 ? 0xff : octet | 0x80)));
      await central.hci.send(readBdAddr); // its answer is an event, behind which data is understood again
      expect(await characteristic.read()).toEqual(value);
    }
    expect(faults).toBe(100);
  });

  it("goes on after 64 KiB of noise, if need be with a reset of the controller", async () => {
    await using bench = await setUp();
    const { central, peripheral, pty } = bench;
    const noise = new SeededRandom(3).bytes(64 * 1024);
    if (!pty.device.write(noise)) await new Promise((resolve) => pty.device.once("drain", resolve));
    let tries = 0;
    for (;;) {
      const works = await central.hci.send(readBdAddr).then(
        () => true,
        () => false,
      );
      if (works) break;
      expect(++tries).toBeLessThan(10);
    }
    for (const each of central.connections) await each.disconnect();
    const connection = await central.connect(peripheral.address);
    expect(await (await connection.gatt.characteristic("1815", "2a56")).read()).toEqual(value);
  });
});
