import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { memoryBondStore } from "../../../src/gap/bond-store.ts";
import type { HostOptions } from "../../../src/gap/host-options.ts";
import type { PairingLink } from "./pairing.ts";

/** A link between a host of ours and a peer that keeps its bonds in a folder. */
export type BondLink = (part: string, hostOptions: HostOptions, folder: string) => Promise<PairingLink>;

/** What outlives both ends. */
interface Memory extends Disposable {
  readonly hostOptions: HostOptions;
  readonly folder: string;
}

function memory(): Memory {
  const folder = mkdtempSync(join(tmpdir(), "jelling-interop-"));
  return {
    hostOptions: { bonds: memoryBondStore() },
    folder,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Pairs and bonds, Just Works, begun by our host, whatever its role. */
async function bond({ connection, peer, host }: PairingLink): Promise<void> {
  await peer.call("expectPairing", {});
  await connection.pair();
  expect(await peer.next("paired")).toMatchObject({ bond: true });
  expect(host.bonds.get(connection.peerAddress)).toBeDefined();
}

/** Pairs, starts both ends anew, and encrypts with what was kept. */
async function remember(link: BondLink, options: HostOptions = {}): Promise<void> {
  using remembered = memory();
  const hostOptions = { ...remembered.hostOptions, ...options };
  const name = options.privacy === undefined ? "bond" : "private-bond";
  let before: string;
  {
    await using first = await link(`${name}-first`, hostOptions, remembered.folder);
    await bond(first);
    before = first.host.address.toString();
  }
  await using second = await link(`${name}-second`, hostOptions, remembered.folder);
  const { connection, host, peer } = second;
  expect(host.address.toString() === before).toBe(options.privacy === undefined);
  await peer.call("expectPairing", {});
  expect(await peer.call<object>("security")).toMatchObject({ hasLtk: true });
  if (connection.role === "central") await connection.encrypt();
  else {
    const encrypted = new Promise((resolve) => connection.once("securityChanged", resolve));
    await peer.call("encrypt");
    await encrypted;
  }
  expect(await peer.next("encrypted")).toBe("SUCCESS");
  expect(connection.security).toMatchObject({ encrypted: true, bonded: true, secureConnections: true });
}

/** Bonds that both ends remember when they have been started anew. */
export function testBonds(link: BondLink): void {
  it("bonds when we ask for it, and both know each other after both were started anew", () => remember(link));

  it("knows us again by the key of our private addresses (Vol 3, Part C, 10.7)", () =>
    remember(link, { privacy: "resolvable" }));

  it("has forgotten the bond, and we are told", async () => {
    using remembered = memory();
    {
      await using first = await link("forgotten-first", remembered.hostOptions, remembered.folder);
      await bond(first);
    }
    rmSync(remembered.folder, { recursive: true });
    using another = memory();
    await using second = await link("forgotten-second", remembered.hostOptions, another.folder);
    const { connection, host, peer } = second;
    await peer.call("expectPairing", {});
    if (connection.role === "central") {
      const lost = new Promise((resolve) => host.once("bondLost", resolve));
      await expect(connection.encrypt()).rejects.toMatchObject({ code: "ENCRYPTION_FAILED" });
      await lost;
    } else {
      const lost = new Promise((resolve) => host.once("bondLost", resolve));
      await peer.call("pair", {});
      await lost;
    }
    expect(connection.security.encrypted).toBe(false);
  });
}
