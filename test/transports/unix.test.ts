import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listenUnix, openUnix } from "../../transports/unix.ts";
import { listeningPeer, SocketPeer, socketRig } from "../support/socket-rig.ts";
import { transportContract } from "../support/transport-contract.ts";

let folder = "";
let sockets = 0;
const fresh = (): string => join(folder, `socket-${sockets++}`);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "jelling-unix-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

transportContract("openUnix", {
  carries: "octets",
  noise: "ends",
  async open() {
    const path = fresh();
    const { server, peer } = await listeningPeer({ path });
    return socketRig(await openUnix({ path }), await peer, server);
  },
  openWith: (signal) => openUnix({ path: fresh(), signal }),
});

transportContract("listenUnix", {
  carries: "octets",
  noise: "ends",
  async open() {
    const path = fresh();
    const listener = await listenUnix({ path });
    const accepted = listener.accept();
    const peer = new SocketPeer(connect({ path }));
    const rig = socketRig(await accepted, peer);
    await listener[Symbol.asyncDispose]();
    return rig;
  },
  openForever: (signal) => openUnix({ path: fresh(), listen: true, signal }),
});

describe("openUnix", () => {
  it("tells that there is no such socket", async () => {
    await expect(openUnix({ path: fresh() })).rejects.toMatchObject({
      code: "TRANSPORT",
      reason: "noSuchDevice",
    });
  });

  it("tells that a file is no socket", async () => {
    const path = fresh();
    writeFileSync(path, "");
    await expect(openUnix({ path })).rejects.toMatchObject({ reason: "refused" });
    await expect(listenUnix({ path })).rejects.toMatchObject({ reason: "busy" });
  });

  it("refuses a path that no socket has room for, and one that is none", async () => {
    await expect(openUnix({ path: `/tmp/${"x".repeat(120)}` })).rejects.toThrow(RangeError);
    await expect(listenUnix({ path: `/tmp/${"x".repeat(120)}` })).rejects.toThrow(RangeError);
    await expect(openUnix({ path: "" })).rejects.toThrow(TypeError);
  });

  it("tells that the folder to listen in does not exist", async () => {
    await expect(listenUnix({ path: join(folder, "none", "socket") })).rejects.toMatchObject({
      reason: "permission",
    });
  });
});
