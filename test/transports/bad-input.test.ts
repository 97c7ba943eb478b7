import { closeSync, openSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { fromHex as hex } from "../../src/common/bytes.ts";
import { VirtualClock } from "../../src/common/clock.ts";
import { MalformedPduError } from "../../src/common/errors.ts";
import { CommandTimeoutError } from "../../src/hci/error.ts";
import type { HciReceiver, HciTransport } from "../../src/hci/transport.ts";
import { Host } from "../../src/host.ts";
import { openTcp } from "../../transports/tcp.ts";
import { VirtualAir } from "../../transports/virtual/index.ts";
import { listeningPeer, type SocketPeer } from "../support/socket-rig.ts";
import { eventLoopRound } from "../support/transport-contract.ts";

/** A host that is opened at a controller of the test, and what became of it. */
async function ending(behave: (peer: SocketPeer) => Promise<void> | void): Promise<unknown> {
  const { server, peer: came } = await listeningPeer({ host: "127.0.0.1", port: 0 });
  const transport = await openTcp({ port: (server.address() as AddressInfo).port });
  const peer = await came;
  const clock = new VirtualClock();
  const opening = Host.open(transport, { clock }).catch((error: unknown) => error);
  await behave(peer);
  for (let left = 20; left > 0; left--) await eventLoopRound(); // what was sent is there before time passes
  await clock.advance(5_000);
  const outcome = await opening; // the socket closes in its own time
  expect(clock.timers).toBe(0);
  peer.socket.destroy();
  server.close();
  return outcome;
}

describe("What a user sees of a controller", () => {
  it("that says half a header and is silent from then on: the command's time-out", async () => {
    const error = await ending((peer) => peer.send([hex("04 0e")]));
    expect(error).toBeInstanceOf(CommandTimeoutError);
    expect((error as Error).message).toContain("HCI_Reset");
  });

  it("that never reads: the command's time-out", async () => {
    const error = await ending((peer) => {
      peer.socket.pause();
    });
    expect(error).toBeInstanceOf(CommandTimeoutError);
  });

  it("that sends noise: that it is no HCI", async () => {
    const error = await ending((peer) => peer.send([new Uint8Array(1024 * 1024).fill(0x55)]));
    expect(error).toMatchObject({
      code: "TRANSPORT",
      reason: "malformed",
      message: expect.stringMatching(/tcp:127\.0\.0\.1:\d+ sends what is no HCI .*0x55/) as unknown,
    });
  });

  it("that goes away in the middle of a packet: that it was lost", async () => {
    const error = await ending(async (peer) => {
      await peer.send([hex("04 0e 04 01 03")]);
      peer.socket.destroySoon();
    });
    expect(error).toMatchObject({
      code: "TRANSPORT",
      reason: "lost",
      message: expect.stringMatching(
        /tcp:127\.0\.0\.1:\d+ was lost: it has closed the connection/,
      ) as unknown,
    });
  });

  it("some octets of which were lost on their way: a fault, and the host goes on", async () => {
    const clock = new VirtualClock();
    const inner = new VirtualAir({ clock }).controller().transport();
    let receiver: HciReceiver | undefined;
    const transport: HciTransport = {
      start: (given) => {
        receiver = given;
        inner.start(given);
      },
      send: (packet) => {
        inner.send(packet);
      },
      [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
    };
    const host = await clock.until(Host.open(transport, { clock }));
    const faults: unknown[] = [];
    host.on("fault", (error) => faults.push(error));
    const cut = new MalformedPduError("HCI packet", "cut short");
    receiver?.fault?.(cut);
    expect(faults).toEqual([cut]);
    await clock.until(host.advertise());
    await clock.until(Promise.resolve(host[Symbol.asyncDispose]()));
    receiver?.fault?.(cut);
    expect(faults).toEqual([cut]);
  });

  it("that is a file behind a descriptor: that it is one", async () => {
    const fd = openSync(fileURLToPath(import.meta.url), "r");
    await expect(Host.open(`fd:${fd}`)).rejects.toMatchObject({
      code: "TRANSPORT",
      reason: "unsupported",
      message: expect.stringContaining(`fd:${fd} cannot be opened: it is a file`) as unknown,
    });
    closeSync(fd);
  });
});
