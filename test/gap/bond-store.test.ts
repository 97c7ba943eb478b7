import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type BondDocument } from "../../src/gap/bond-document.ts";
import { fileBondStore } from "../../src/gap/bond-file.ts";
import { BondStoreError, memoryBondStore } from "../../src/gap/bond-store.ts";
import { Host } from "../../src/host.ts";
import { VirtualAir } from "../../transports/virtual/index.ts";

const documentOf = (mark: string): BondDocument => ({
  version: 1,
  local: { irk: "00".repeat(16), randomAddress: "C0:FF:EE:00:00:01/random" },
  bonds: [],
  databases: { mark },
});

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "jelling-bonds-"));
  path = join(folder, "bonds.json");
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("fileBondStore", () => {
  it("has nothing to load before anything was saved, and then what was saved last", async () => {
    const store = fileBondStore(path);
    expect(await store.load()).toBeUndefined();
    await store.save(documentOf("one"));
    await store.save(documentOf("two"));
    await store[Symbol.asyncDispose]?.();
    expect(await fileBondStore(path).load()).toEqual(documentOf("two"));
    expect(JSON.parse(await readFile(path, "utf8"))).toEqual(documentOf("two"));
  });

  it("writes a file that only its owner may read, also in place of one that others may", async () => {
    await writeFile(path, JSON.stringify(documentOf("old")));
    await chmod(path, 0o644);
    const store = fileBondStore(path);
    await store.load();
    await store.save(documentOf("new"));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(["bonds.json", "bonds.json.lock"]);
    await store[Symbol.asyncDispose]?.();
    expect(await readdir(folder)).toEqual(["bonds.json"]);
  });

  it("follows a link to the file, and no link that was laid where it writes", async () => {
    const real = join(folder, "real");
    await mkdir(real);
    await writeFile(join(real, "bonds.json"), JSON.stringify(documentOf("old")));
    await symlink(join(real, "bonds.json"), path);
    await writeFile(join(folder, "victim"), "untouched");
    await symlink(join(folder, "victim"), join(real, "bonds.json.new"));
    const store = fileBondStore(path);
    await store.load();
    await store.save(documentOf("new"));
    await store[Symbol.asyncDispose]?.();
    expect(JSON.parse(await readFile(join(real, "bonds.json"), "utf8"))).toEqual(documentOf("new"));
    expect(await readFile(join(folder, "victim"), "utf8")).toBe("untouched");
    expect((await readdir(real)).sort()).toEqual(["bonds.json"]);
  });

  it.each([
    ["is no JSON", '{"version": 1, "irk": "secret'],
    ["is empty", ""],
    ["lacks a member", JSON.stringify({ version: 1, local: {}, bonds: [], databases: {} })],
    ["is of another version", JSON.stringify({ ...documentOf("x"), version: 2 })],
    ["is of something else", "[]"],
  ])(
    "does not open a file that %s: the error names it, a copy is kept, and it stays",
    async (_name, text) => {
      await writeFile(path, text);
      await utimes(path, 1_700_000_000, 1_700_000_000);
      for (let i = 0; i < 2; i++) {
        const error: unknown = await fileBondStore(path)
          .load()
          .catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(BondStoreError);
        expect(String(error)).toContain(path);
        expect(String(error)).not.toContain("secret");
      }
      // One copy, however often it was tried.
      expect(await readdir(folder)).toEqual(["bonds.json", "bonds.json.damaged-2023-11-14T22-13-20.000Z"]);
      expect(await readFile(path, "utf8")).toBe(text);
      expect(await readFile(join(folder, "bonds.json.damaged-2023-11-14T22-13-20.000Z"), "utf8")).toBe(text);
    },
  );

  it("refuses a second user of the file, in this process or another that runs, and names it", async () => {
    const first = fileBondStore(path);
    await first.load();
    await expect(fileBondStore(path).load()).rejects.toThrow("is in use by another host of this process");
    await expect(first.load()).rejects.toThrow(BondStoreError);
    await first[Symbol.asyncDispose]?.();
    const second = fileBondStore(path);
    await second.load();
    await second[Symbol.asyncDispose]?.();
    // Process 1 runs always.
    const start = (await readFile("/proc/1/stat", "utf8").catch(() => "")).split(") ")[1]?.split(" ")[19];
    await writeFile(`${path}.lock`, `1 ${start ?? "unknown"} id\n`);
    await expect(fileBondStore(path).load()).rejects.toThrow("is in use by process 1");
  });

  it("stays with the host that has it when another is given the same store", async () => {
    const store = fileBondStore(path);
    const air = new VirtualAir();
    const first = await Host.open(air.controller().transport(), { bonds: store });
    await expect(Host.open(air.controller().transport(), { bonds: store })).rejects.toThrow("is in use by");
    await expect(fileBondStore(path).load()).rejects.toThrow("is in use by");
    await first.bonds.import({ bonds: [{ identity: "00:00:00:00:00:07/public" }] });
    await first[Symbol.asyncDispose]();
    expect(await readFile(path, "utf8")).toContain("00:00:00:00:00:07/public");
    expect(await readdir(folder)).toEqual(["bonds.json"]);
  });

  it.each(["", undefined, 5, null])("is not made without a path: %j", (value) => {
    expect(() => fileBondStore(value as string)).toThrow(TypeError);
  });

  it.each([
    ["a process that is gone", "999999999 5 id\n"],
    ["another process of the same number", `${process.pid} 1 id\n`],
    ["nobody that can be told", "half a l"],
  ])("takes over the lock of %s", async (_name, holder) => {
    await writeFile(`${path}.lock`, holder);
    const store = fileBondStore(path);
    expect(await store.load()).toBeUndefined();
    await store.save(documentOf("one"));
    await store[Symbol.asyncDispose]?.();
    expect(await readdir(folder)).toEqual(["bonds.json"]);
  });

  it("lets one of many that open at the same moment have the file", async () => {
    await writeFile(`${path}.lock`, "999999999 5 id\n");
    const stores = Array.from({ length: 8 }, () => fileBondStore(path));
    const outcomes = await Promise.allSettled(stores.map((store) => store.load()));
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const store of stores) await store[Symbol.asyncDispose]?.();
    expect(await readdir(folder)).toEqual([]);
  });

  it("tells when the folder is missing, and when it saves before it loads", async () => {
    await expect(fileBondStore(join(folder, "none", "bonds.json")).load()).rejects.toThrow(BondStoreError);
    await expect(fileBondStore(path).save(documentOf("x"))).rejects.toThrow("load comes before save");
  });
});

describe("memoryBondStore", () => {
  it("keeps a copy of what was saved last, and begins with what it is given", async () => {
    const store = memoryBondStore(documentOf("first"));
    expect(await store.load()).toEqual(documentOf("first"));
    await store.save(documentOf("second"));
    expect(store.document).toEqual(documentOf("second"));
    expect(await memoryBondStore().load()).toBeUndefined();
  });
});
