import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex } from "node:stream";
import { afterAll, describe, expect, it, vi } from "vitest";
import { fromHex, toHex } from "../../src/common/bytes.ts";
import { TransportError } from "../../src/common/errors.ts";
import { ReadBdAddr, ReadLocalVersionInformation } from "../../src/hci/commands/informational.ts";
import { LeSetAdvertisingEnable, LeSetAdvertisingParameters } from "../../src/hci/commands/le-advertising.ts";
import { LeCreateConnection } from "../../src/hci/commands/le-connection.ts";
import { LeSetRandomAddress } from "../../src/hci/commands/le-controller.ts";
import { LeSetScanEnable, LeSetScanParameters } from "../../src/hci/commands/le-scanning.ts";
import { LeConnectionComplete } from "../../src/hci/events/le-connection.ts";
import { DisconnectionComplete } from "../../src/hci/events/link.ts";
import { SetEventMask } from "../../src/hci/commands/controller-baseband.ts";
import { Host } from "../../src/host.ts";
import type { HciReceiver, HciTransport } from "../../src/hci/transport.ts";
import { DoorClient } from "../../transports/door/client.ts";
import { listen } from "../../transports/door/listening.ts";
import {
  type Door,
  type DoorPlace,
  type Doors,
  openDoors,
  VirtualAir,
} from "../../transports/virtual/index.ts";
import { RawClient } from "../support/raw-client.ts";
import { aclPacket } from "../support/raw-host.ts";
import { advertising, connection } from "../support/raw-pair.ts";

const reset = fromHex("01 03 0c 00");
const resetComplete = "040e0401030c00";

const folder = mkdtempSync(join(tmpdir(), "jelling-doors-test-"));
let sockets = 0;
const newPath = (): string => join(folder, `${++sockets}.sock`);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Doors on an air, both closed at the end, and what trouble there was. */
class Opened implements AsyncDisposable {
  readonly air: VirtualAir;
  readonly doors: Doors;
  readonly trouble: string[];

  private constructor(air: VirtualAir, doors: Doors, trouble: string[]) {
    this.air = air;
    this.doors = doors;
    this.trouble = trouble;
  }

  static async open(...places: readonly DoorPlace[]): Promise<Opened> {
    const air = new VirtualAir();
    const trouble: string[] = [];
    const doors = await openDoors(air, places, {
      onTrouble: (error, { location }) => trouble.push(`${location.kind}: ${error.message}`),
    });
    return new Opened(air, doors, trouble);
  }

  door(at = 0): Door {
    return this.doors.doors[at]!;
  }

  client(at = 0): ReturnType<typeof RawClient.connect> {
    const { location } = this.door(at);
    return RawClient.connect(
      location.kind === "tcp" ? { host: "127.0.0.1", port: location.port } : { path: location.path },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.doors[Symbol.asyncDispose]();
    await this.air[Symbol.asyncDispose]();
  }
}

const tcp: DoorPlace = { kind: "tcp", port: 0 };
const passive = { scanType: 0, scanInterval: 16, scanWindow: 16, scanningFilterPolicy: 0 };

describe("doors of the virtual radio", () => {
  it("speak H4 on a TCP port that is free (Vol 4, Part A, 2)", async () => {
    await using opened = await Opened.open(tcp, tcp);
    expect(opened.door(0).location).not.toEqual(opened.door(1).location);
    await using client = await opened.client(1);
    client.send(reset);
    expect(toHex(await client.next())).toBe(resetComplete);
    const { bdAddr } = await client.ask(ReadBdAddr, {});
    expect(bdAddr).toBe(opened.door(1).controller.address.value);
  });

  it("speak H4 on a unix socket, which is removed when they close", async () => {
    const path = newPath();
    {
      await using opened = await Opened.open({ kind: "unix", path });
      await using client = await opened.client();
      client.send(reset);
      expect(toHex(await client.next())).toBe(resetComplete);
      expect(existsSync(path)).toBe(true);
    }
    expect(existsSync(path)).toBe(false);
  });

  it("take packets an octet at a time, and several at once", async () => {
    await using opened = await Opened.open(tcp);
    await using client = await opened.client();
    for (const octet of reset) client.send(Uint8Array.of(octet));
    expect(toHex(await client.next())).toBe(resetComplete);
    client.send(fromHex("01 03 0c 00  01 03 0c 00  01 03"));
    client.send(fromHex("0c 00"));
    for (let i = 0; i < 3; i++) expect(toHex(await client.next())).toMatch(/^040e04..030c00$/);
  });

  it("let two clients connect to each other and exchange data", async () => {
    await using opened = await Opened.open(tcp, { kind: "unix", path: newPath() });
    await using central = await opened.client(0);
    await using peripheral = await opened.client(1);
    for (const client of [central, peripheral]) {
      await client.ask(SetEventMask, { eventMask: 0xffff_ffff_ffff_ffffn });
    }
    await peripheral.ask(LeSetAdvertisingParameters, advertising);
    await peripheral.ask(LeSetAdvertisingEnable, { advertisingEnable: true });
    const peerAddress = opened.door(1).controller.address.value;
    await central.ask(LeCreateConnection, { ...connection, peerAddress });
    const there = await central.event(LeConnectionComplete);
    const here = await peripheral.event(LeConnectionComplete);
    expect([there.role, here.role]).toEqual([0, 1]);
    const words = (count: number): Uint8Array => Uint8Array.from({ length: count }, (_, i) => i);
    central.send(aclPacket(there.connectionHandle, words(27)));
    peripheral.send(aclPacket(here.connectionHandle, words(200)));
    expect((await peripheral.data()).slice(5)).toEqual(words(27));
    expect((await central.data()).slice(5)).toEqual(words(200));
    await peripheral[Symbol.asyncDispose]();
    const { reason } = await central.event(DisconnectionComplete);
    expect(reason, "the supervision timeout").toBe(0x08);
  });

  it("let a client join hosts of this process", async () => {
    await using opened = await Opened.open(tcp);
    await using client = await opened.client();
    await client.ask(LeSetAdvertisingParameters, advertising);
    await client.ask(LeSetAdvertisingEnable, { advertisingEnable: true });
    await using host = await Host.open(opened.air.controller().transport());
    for await (const { address } of host.scan()) {
      expect(address.equals(opened.door().controller.address)).toBe(true);
      break;
    }
  });

  it("refuse a second client by closing its connection, and serve the first on", async () => {
    await using opened = await Opened.open(tcp);
    await using first = await opened.client();
    await first.ask(ReadBdAddr, {});
    await using second = await opened.client();
    second.send(reset);
    await second.closed;
    expect(second.received).toBe(0);
    expect(opened.trouble).toEqual(["tcp: a client was refused: the door serves another one"]);
    await first.ask(ReadBdAddr, {});
  });

  it("have a controller as after power-on for each client, however soon it comes", async () => {
    await using opened = await Opened.open(tcp);
    for (let i = 0; i < 20; i++) {
      const client = await opened.client();
      await client.ask(LeSetScanParameters, { ...passive, ownAddressType: 1 });
      const { status } = await client.run(LeSetScanEnable, { enable: true, filterDuplicates: false });
      expect(status, "there is no random address").toBe(0x12);
      await client.ask(LeSetRandomAddress, { randomAddress: 0xc00000000001 });
      if (i % 3 === 0) client.stream.end();
      else if (i % 3 === 1) client.stream.destroy();
      else client.stream.resetAndDestroy();
    }
    expect(opened.trouble).toEqual([]);
    expect(opened.door().controller.faults).toEqual([]);
  });

  it("answer the last command of a client that sends no more", async () => {
    await using opened = await Opened.open(tcp);
    await using client = await opened.client();
    client.stream.end(reset);
    expect(toHex(await client.next())).toBe(resetComplete);
    await client.closed;
  });

  it("send away a client that sends what is no H4, and nobody else", async () => {
    await using opened = await Opened.open(tcp, tcp);
    await using good = await opened.client(0);
    await using bad = await opened.client(1);
    await good.ask(ReadBdAddr, {});
    bad.send(fromHex("01 03 0c 00 47 45 54 20"));
    await bad.closed;
    expect(opened.trouble).toEqual([
      "tcp: a client was sent away: H4: 0x47, octet 4 of the stream, is no packet type",
    ]);
    await good.ask(ReadBdAddr, {});
    await using better = await opened.client(1);
    await better.ask(ReadBdAddr, {});
  });

  it("take nothing more of a client that does not read, and serve the others as before", async () => {
    await using opened = await Opened.open(tcp, tcp);
    await using client = await opened.client();
    await client.ask(ReadBdAddr, {});
    client.stream.pause();
    const many = new Uint8Array(4 * 20_000);
    for (let at = 0; at < many.length; at += 4) many.set(fromHex("01 02 10 00"), at); // 71 octets of answer each
    client.stream.on("error", () => undefined);
    for (let i = 0; i < 300; i++) client.send(many); // 24 MB: more than any buffer on the way
    await using other = await opened.client(1);
    for (let i = 0; i < 50; i++) await other.ask(ReadBdAddr, {});
    expect(opened.trouble).toEqual([]);
    const written = client.stream.writableLength;
    expect(written).toBeGreaterThan(0); // it was not taken
    client.stream.resume();
    await vi.waitUntil(() => client.stream.writableLength < written, 20_000);
  });

  it("send away a client that leaves too much unread of what others send, so that memory stays bounded", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const accepted = once(server, "connection") as Promise<[Socket]>;
    const reader = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1" }).pause();
    const [socket] = await accepted;
    let receiver: HciReceiver | undefined;
    const transport: HciTransport = {
      start: (given) => (receiver = given),
      send: () => undefined,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    const failures: (Error | undefined)[] = [];
    new DoorClient(socket, transport, (failure) => failures.push(failure));
    const packet = new Uint8Array(1000).fill(4);
    for (let i = 0; i < 20_000 && failures.length === 0; i++) receiver?.packet(packet);
    expect(failures.map((failure) => failure?.message)).toEqual([
      "a client was sent away: it leaves more than 4194304 octets unread",
    ]);
    reader.destroy();
    server.close();
  });

  it("close the connection when the controller dies, and have another one for the next client", async () => {
    await using opened = await Opened.open(tcp);
    await using first = await opened.client();
    await first.ask(ReadBdAddr, {});
    await opened.door().controller.die();
    await first.closed;
    await using second = await opened.client();
    await second.ask(ReadBdAddr, {});
  });

  it("send clients away when they are closed, and nobody listens any more", async () => {
    const opened = await Opened.open(tcp);
    await using client = await opened.client();
    await client.ask(ReadBdAddr, {});
    await opened[Symbol.asyncDispose]();
    await client.closed;
    await expect(opened.client()).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await opened[Symbol.asyncDispose]();
  });

  it("take over a socket that was left behind, but not one that is in use", async () => {
    const path = newPath();
    const server = createServer().listen(`${path}.old`);
    await once(server, "listening");
    renameSync(`${path}.old`, path); // so that closing does not remove it
    const opening = Opened.open({ kind: "unix", path });
    await expect(opening).rejects.toThrow(/EADDRINUSE/);
    await expect(opening).rejects.toBeInstanceOf(TransportError);
    server.close();
    await once(server, "close");
    await using opened = await Opened.open({ kind: "unix", path });
    await using client = await opened.client();
    await client.ask(ReadBdAddr, {});
  });

  it("leave alone a file that is no socket, and what points to one", async () => {
    const path = newPath();
    writeFileSync(path, "precious");
    symlinkSync(path, `${path}.link`);
    for (const place of [path, `${path}.link`]) {
      await expect(Opened.open({ kind: "unix", path: place })).rejects.toThrow(/EADDRINUSE: .* is no socket/);
    }
    expect(readFileSync(path, "utf8")).toBe("precious");
  });

  it("refuse a path that is too long for a socket, of which a part would stay behind", async () => {
    const before = readdirSync(folder);
    const path = join(folder, "x".repeat(108));
    await expect(Opened.open({ kind: "unix", path })).rejects.toThrow(/a socket has room for 10[37]/);
    expect(readdirSync(folder)).toEqual(before);
  });

  it("take a number for the name of a socket, not for a port", async () => {
    const server = createServer();
    const path = String(40_000 + (process.pid % 20_000));
    try {
      await listen(server, { kind: "unix", path });
      expect(server.address()).toBe(`./${path}`);
      expect(existsSync(path)).toBe(true);
    } finally {
      server.close();
    }
    await once(server, "close");
    expect(existsSync(path)).toBe(false);
  });

  it("are all closed again when one cannot be opened", async () => {
    const path = newPath();
    await expect(Opened.open({ kind: "unix", path }, { kind: "unix", path: folder })).rejects.toThrow(
      /^a door cannot be opened: /,
    );
    expect(existsSync(path)).toBe(false);
  });

  it("have controllers of the kind that is asked for", async () => {
    await using air = new VirtualAir();
    await using doors = await openDoors(air, [tcp], { controller: { profile: "4.0" } });
    const { location } = doors.doors[0]!;
    await using client = await RawClient.connect({ port: location.kind === "tcp" ? location.port : 0 });
    expect(await client.ask(ReadLocalVersionInformation, {})).toMatchObject({ hciVersion: 0x06 });
  });
});

const hasSocat = spawnSync("socat", ["-V"]).error === undefined;
const pty = `doors that are pseudo-terminals${hasSocat ? "" : " (skipped: socat is not installed)"}`;

describe.skipIf(!hasSocat)(pty, () => {
  /** A program that uses the terminal as a serial port. */
  function program(path: string): RawClient {
    const socat = spawn("socat", ["STDIO", `${path},rawer`], { stdio: ["pipe", "pipe", "ignore"] });
    const client = new RawClient(Duplex.from({ readable: socat.stdout, writable: socat.stdin }));
    void client.closed.then(() => socat.kill());
    return client;
  }

  /** The same, once the terminal is there: between two clients it is not. */
  async function connected(door: Door): Promise<RawClient> {
    for (;;) {
      const { location } = door;
      if (location.kind !== "pty") throw new Error("no pseudo-terminal");
      const client = program(location.path);
      try {
        await client.ask(ReadBdAddr, {});
        return client;
      } catch {
        await client[Symbol.asyncDispose]();
      }
    }
  }

  const left = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith("jelling-door-"));

  it("speak H4, send bad clients away, and have a controller as after power-on for the next", async () => {
    const before = left();
    {
      await using opened = await Opened.open({ kind: "pty" });
      const { location } = opened.door();
      expect(location.kind === "pty" && location.path).toMatch(/^\/dev\/pts\/\d+$/);
      {
        await using first = await connected(opened.door());
        await first.ask(LeSetRandomAddress, { randomAddress: 0xc00000000001 });
        first.send(fromHex("47 45 54 20"));
        await first.closed;
        const [text, ...more] = opened.trouble;
        expect(text).toMatch(/^pty: a client was sent away: .* no packet type$/);
        expect(more).toEqual([]);
      }
      for (let i = 0; i < 2; i++) {
        await using next = await connected(opened.door());
        await next.ask(LeSetScanParameters, { ...passive, ownAddressType: 1 });
        const { status } = await next.run(LeSetScanEnable, { enable: true, filterDuplicates: false });
        expect(status, "there is no random address").toBe(0x12);
        await next.ask(LeSetRandomAddress, { randomAddress: 0xc00000000001 });
        expect(opened.door().location).toEqual(location);
      }
    }
    expect(left(), "folders").toEqual(before);
  });
});

describe("without socat", () => {
  it("a pseudo-terminal is refused, with the way to get it", async () => {
    vi.stubEnv("PATH", folder);
    try {
      await expect(Opened.open({ kind: "pty" })).rejects.toThrow(
        'a pseudo-terminal cannot be opened: socat is not installed ("apt-get install socat")',
      );
    } finally {
      vi.unstubAllEnvs();
    }
  });
});
