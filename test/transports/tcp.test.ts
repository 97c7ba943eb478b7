import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { fromHex as hex } from "../../src/common/bytes.ts";
import { VirtualClock } from "../../src/common/clock.ts";
import { TransportError } from "../../src/common/errors.ts";
import { listenTcp, openTcp } from "../../transports/tcp.ts";
import { listeningPeer, SocketPeer, socketRig } from "../support/socket-rig.ts";
import {
  eventLoopRound,
  RecordingReceiver,
  settleUntil,
  transportContract,
  type TransportRig,
} from "../support/transport-contract.ts";

const host = "127.0.0.1";

async function clientRig(): Promise<TransportRig> {
  const { server, peer } = await listeningPeer({ host, port: 0 });
  const transport = await openTcp({ port: (server.address() as AddressInfo).port });
  return socketRig(transport, await peer, server);
}

async function serverRig(): Promise<TransportRig> {
  const listener = await listenTcp({ port: 0 });
  const accepted = listener.accept();
  const peer = new SocketPeer(connect(listener.port ?? 0, host));
  const rig = socketRig(await accepted, peer);
  await listener[Symbol.asyncDispose]();
  return rig;
}

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

transportContract("openTcp", {
  carries: "octets",
  noise: "ends",
  open: clientRig,
  openWith: (signal) => openTcp({ port: 1, signal }),
});

transportContract("listenTcp", {
  carries: "octets",
  noise: "ends",
  open: serverRig,
  openForever: (signal) => openTcp({ port: 0, listen: true, signal }),
});

describe("openTcp", () => {
  it("tells that nobody listens, and what to do", async () => {
    const port = await freePort();
    const opening = openTcp({ port });
    await expect(opening).rejects.toBeInstanceOf(TransportError);
    await expect(opening).rejects.toMatchObject({
      reason: "refused",
      message: `tcp:${host}:${port} cannot be opened: nobody listens there (ECONNREFUSED). Start the program that serves the controller, or look at its port`,
    });
  });

  it("gives up when there is no answer in time, on the clock it is given", async () => {
    const clock = new VirtualClock();
    // Of the documentation, RFC 5737: never answers, or is said at once to be unreachable.
    const opening = openTcp({ host: "192.0.2.1", port: 9, timeoutMs: 2_000, clock });
    clock.advanceSync(2_000);
    await expect(opening).rejects.toMatchObject({ reason: "timeout" });
    expect(clock.timers).toBe(0);
  });

  it("refuses a port that is none", async () => {
    for (const port of [0, -1, 65_536, 1.5, Number.NaN]) {
      await expect(openTcp({ port })).rejects.toThrow(
        new RangeError(`port: ${port} is not a whole number from 1 to 65535`),
      );
    }
  });

  it("ends, telling so, when the controller reads nothing and more than 4 MiB wait for it", async () => {
    const { server, peer } = await listeningPeer({ host, port: 0 });
    const transport = await openTcp({ port: (server.address() as AddressInfo).port });
    (await peer).socket.pause();
    const receiver = new RecordingReceiver();
    receiver.start(transport);
    const packet = new Uint8Array(1021 + 5);
    packet.set(hex("02 40 00 fd 03"));
    let sent = 0;
    while (receiver.closings.length === 0) {
      for (let burst = 0; burst < 64; burst++, sent += packet.length) transport.send(packet.slice());
      await eventLoopRound();
    }
    expect(receiver.closings).toMatchObject([{ reason: "stalled" }]);
    expect(sent).toBeLessThan(32 * 1024 * 1024); // what the operating system holds included
    await transport[Symbol.asyncDispose]();
    (await peer).socket.destroy();
    server.close();
  });

  it("is lost when the controller closes its side, although it reads nothing of what waits", async () => {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, host);
    await once(server, "listening");
    const connection = once(server, "connection") as Promise<[Socket]>;
    const transport = await openTcp({ port: (server.address() as AddressInfo).port });
    const [peer] = await connection;
    const receiver = new RecordingReceiver();
    receiver.start(transport);
    const packet = new Uint8Array(65_535 + 5);
    packet.set(hex("02 40 00 ff ff"));
    for (let sent = 0; sent < 60; sent++) transport.send(packet.slice());
    peer.end();
    await settleUntil({ settle: eventLoopRound }, () => receiver.closings.length > 0);
    expect(receiver.closings).toMatchObject([{ reason: "lost" }]);
    await transport[Symbol.asyncDispose]();
    peer.destroy();
    server.close();
  });

  it("closes although the controller reads nothing", async () => {
    const { server, peer } = await listeningPeer({ host, port: 0 });
    const transport = await openTcp({ port: (server.address() as AddressInfo).port });
    (await peer).socket.pause();
    const receiver = new RecordingReceiver();
    receiver.start(transport);
    const packet = new Uint8Array(65_535 + 5);
    packet.set(hex("02 40 00 ff ff"));
    for (let sent = 0; sent < 60; sent++) transport.send(packet.slice());
    await transport[Symbol.asyncDispose]();
    expect(receiver.closings).toEqual([undefined]);
    (await peer).socket.destroy();
    server.close();
  });

  it("delivers nothing of half a header that is followed by silence", async () => {
    const rig = await clientRig();
    const receiver = new RecordingReceiver();
    receiver.start(rig.transport);
    await rig.send([hex("04 0e 04 01 03 0c 00 04 0e")]);
    await settleUntil(rig, () => receiver.packets.length > 0);
    await rig.transport[Symbol.asyncDispose]();
    expect([receiver.packets.length, receiver.closings]).toEqual([1, [undefined]]);
    await rig[Symbol.asyncDispose]();
  });
});

describe("listenTcp", () => {
  it("serves one controller at a time, and the next when that one has gone", async () => {
    await using listener = await listenTcp({ port: 0 });
    const port = listener.port ?? 0;
    const first = connect(port, host);
    const transport = await listener.accept();
    const second = connect(port, host);
    await once(second, "close");
    const receiver = new RecordingReceiver();
    receiver.start(transport);
    first.destroy();
    await settleUntil({ settle: eventLoopRound }, () => receiver.closings.length > 0);
    const third = connect(port, host);
    const next = await listener.accept();
    await next[Symbol.asyncDispose]();
    third.destroy();
  });

  it("gives a controller that came early to whoever accepts, and of several the latest", async () => {
    await using listener = await listenTcp({ port: 0 });
    const early = connect(listener.port ?? 0, host);
    await once(early, "connect");
    const late = connect(listener.port ?? 0, host);
    await once(early, "close");
    const transport = await listener.accept();
    const receiver = new RecordingReceiver();
    receiver.start(transport);
    late.write(hex("04 ff 00"));
    await settleUntil({ settle: eventLoopRound }, () => receiver.packets.length > 0);
    await transport[Symbol.asyncDispose]();
    late.destroy();
  });

  it("rejects who waits when it is closed, and whoever comes later", async () => {
    const listener = await listenTcp({ port: 0 });
    const waiting = listener.accept();
    await expect(listener.accept()).rejects.toThrow("waits here already");
    const rejected = expect(waiting).rejects.toMatchObject({ reason: "closed" });
    await listener[Symbol.asyncDispose]();
    await rejected;
    await expect(listener.accept()).rejects.toMatchObject({ reason: "closed" });
  });

  it("tells that the address is none of this computer", async () => {
    // Of the documentation, RFC 5737.
    await expect(listenTcp({ host: "192.0.2.1", port: 0 })).rejects.toMatchObject({
      reason: "noSuchDevice",
      message: expect.stringContaining("Give an address of this computer") as unknown,
    });
  });

  it("tells that somebody else listens there", async () => {
    await using listener = await listenTcp({ port: 0 });
    await expect(listenTcp({ port: listener.port ?? 0 })).rejects.toMatchObject({
      reason: "busy",
      message: expect.stringContaining("Take another port") as unknown,
    });
  });
});
