import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { UsageError } from "../../cli/usage-error.ts";
import { parseVirtualOptions } from "../../cli/virtual/options.ts";
import { runVirtual } from "../../cli/virtual/virtual.ts";
import { fromHex, toHex } from "../../src/common/bytes.ts";
import { ReadBdAddr, ReadLocalVersionInformation } from "../../src/hci/commands/informational.ts";
import { LeRand } from "../../src/hci/commands/le-controller.ts";
import { RawClient } from "../support/raw-client.ts";
import { run } from "./run.ts";

const folder = mkdtempSync(join(tmpdir(), "jelling-virtual-test-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface Ready {
  readonly ready: boolean;
  readonly doors: readonly { readonly kind: string; readonly port: number; readonly path?: string }[];
}

/** `jelling virtual` in this process, until the test disposes of it. */
class Run implements AsyncDisposable {
  stdout = "";
  stderr = "";
  readonly status: Promise<number>;
  readonly #stop = new AbortController();
  #onLine: () => void = () => undefined;

  constructor(...args: readonly string[]) {
    const keep = (add: (text: string) => void): Writable =>
      new Writable({
        write: (chunk: Buffer, _, done) => {
          add(chunk.toString());
          this.#onLine();
          done();
        },
      });
    const stdout = keep((text) => (this.stdout += text));
    const stderr = keep((text) => (this.stderr += text));
    this.status = runVirtual(args, { stdout, stderr }, this.#stop.signal);
  }

  /** The ready line, once it is there. */
  async line(): Promise<string> {
    const there = new Promise<void>((resolve) => (this.#onLine = resolve));
    if (this.stdout === "") await Promise.race([there, this.status]);
    return this.stdout;
  }

  async ports(): Promise<number[]> {
    return (JSON.parse(await this.line()) as Ready).doors.map(({ port }) => port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.status;
  }
}

describe("jelling virtual: the command line", () => {
  it("says what to serve, in order", () => {
    const args = [
      "--unix",
      "a b",
      "--tcp",
      "9001,0",
      "--pty",
      "--tcp=0.0.0.0:1",
      "--tcp",
      "[::1]:2",
      "--pty",
    ];
    expect(parseVirtualOptions([...args, "--profile", "clone dongle", "--seed", "7"])).toEqual({
      places: [
        { kind: "unix", path: "a b" },
        { kind: "tcp", port: 9001 },
        { kind: "tcp", port: 0 },
        { kind: "pty" },
        { kind: "tcp", host: "0.0.0.0", port: 1 },
        { kind: "tcp", host: "::1", port: 2 },
        { kind: "pty" },
      ],
      profile: "clone dongle",
      timing: "instant",
      delayMs: 0,
      seed: 7,
      loss: 0,
      capture: undefined,
      json: false,
    });
    const more = ["--pty", "--timing", "air", "--loss", ".25", "--json"];
    expect(parseVirtualOptions(more)).toMatchObject({ timing: "air", loss: 0.25, json: true });
    expect(parseVirtualOptions(["--pty", "--delay-ms", "15"])).toMatchObject({ delayMs: 15 });
  });

  it.each([
    [[], "no door: use --tcp, --unix or --pty"],
    [["--tcp", "9001,"], '--tcp: "" is not a whole number from 0 to 65535'],
    [["--tcp", "65536"], '--tcp: "65536" is not a whole number from 0 to 65535'],
    [["--unix", ""], "--unix: which PATH?"],
    [["--pty", "--profile", "6.0"], '--profile: "6.0" is none of 4.0, 4.2, 5.0, 5.4, small, clone dongle'],
    [["--pty", "--timing", "slow"], '--timing: "slow" is none of instant, air'],
    [["--pty", "--loss", "1.5"], '--loss: "1.5" is not a number from 0 to 1'],
    [["--pty", "--loss", "-1"], "Option '--loss' argument is ambiguous"],
    [["--pty", "--seed", "x"], '--seed: "x" is not a whole number from 0 to 4294967295'],
    [["--pty", "--timing", "air", "--delay-ms", "5"], "--delay-ms goes with --timing instant alone"],
    [["--dongle"], "Unknown option '--dongle'"],
    [["--pty", "9001"], "Unexpected argument '9001'"],
  ])("%j is refused", (args, message) => {
    expect(() => parseVirtualOptions(args)).toThrow(UsageError);
    expect(() => parseVirtualOptions(args)).toThrow(message);
  });

  it("is reached by its name, and told by the list of commands", async () => {
    expect((await run(["--help"])).stdout).toContain("\n  virtual ");
    expect(await run(["virtual"])).toEqual({
      status: 2,
      stdout: "",
      stderr: 'jelling virtual: no door: use --tcp, --unix or --pty\nTry "jelling virtual --help".\n',
    });
  });

  it("--help tells of every option", async () => {
    const served = new Run("--help");
    expect(await served.status).toBe(0);
    expect(served.stdout).toMatch(/^Usage: jelling virtual DOOR/);
    for (const option of [
      "tcp",
      "unix",
      "pty",
      "profile",
      "timing",
      "delay-ms",
      "seed",
      "loss",
      "capture",
      "json",
    ]) {
      expect(served.stdout).toContain(`\n  --${option} `);
    }
  });
});

describe("jelling virtual --capture", () => {
  it("writes the air to a file that can be read, until it is ended", async () => {
    const file = join(folder, "air.pcap");
    const served = new Run("--tcp", "0", "--capture", file);
    expect(await served.line()).toContain("ready");
    await served[Symbol.asyncDispose]();
    expect(await served.status).toBe(0);
    const header = readFileSync(file);
    expect(header.readUInt32LE(20)).toBe(256); // LINKTYPE_BLUETOOTH_LE_LL_WITH_PHDR
  });

  it("says why it cannot", async () => {
    const served = new Run("--tcp", "0", "--capture", "/nowhere/air.pcap");
    expect(await served.status).toBe(1);
    expect(served.stderr).toContain("--capture: ENOENT");
  });
});

describe("jelling virtual: the doors", () => {
  it("--json prints one line, with the ports that were free and the addresses of the controllers", async () => {
    const path = join(folder, "ready.sock");
    const served = new Run("--tcp", "0,0", "--unix", path, "--json");
    const [first, second] = await served.ports();
    expect(served.stdout).toBe(
      `{"ready":true,"doors":[{"kind":"tcp","port":${first},"address":"02:00:00:00:00:01/public"},` +
        `{"kind":"tcp","port":${second},"address":"02:00:00:00:00:02/public"},` +
        `{"kind":"unix","path":"${path}","address":"02:00:00:00:00:03/public"}]}\n`,
    );
    await served[Symbol.asyncDispose]();
    expect({ status: await served.status, stderr: served.stderr }).toEqual({ status: 0, stderr: "" });
  });

  it("prints one line for people without it", async () => {
    await using served = new Run("--tcp", "0");
    expect(await served.line()).toMatch(/^ready: tcp \d+ is 02:00:00:00:00:01\/public\n$/);
  });

  it("serves controllers of the profile, and the same random numbers for the same seed", async () => {
    const draw = async (seed: string): Promise<string> => {
      await using served = new Run("--tcp", "0", "--profile", "4.2", "--seed", seed, "--json");
      const [port = 0] = await served.ports();
      await using client = await RawClient.connect({ host: "127.0.0.1", port });
      expect(await client.ask(ReadLocalVersionInformation, {})).toMatchObject({ hciVersion: 0x08 });
      return toHex((await client.ask(LeRand, {})).randomNumber);
    };
    const once = await draw("5");
    expect(await draw("5")).toBe(once);
    expect(await draw("6")).not.toBe(once);
  });

  it("says on standard error what a client did wrong, and goes on", async () => {
    await using served = new Run("--tcp", "0", "--json");
    const [port = 0] = await served.ports();
    await using bad = await RawClient.connect({ host: "127.0.0.1", port });
    bad.send(fromHex("ff"));
    await bad.closed;
    await using good = await RawClient.connect({ host: "127.0.0.1", port });
    await good.ask(ReadBdAddr, {});
    expect(served.stderr).toBe(
      `jelling virtual: tcp ${port}: a client was sent away: ` +
        "H4: 0xff, octet 0 of the stream, is no packet type\n",
    );
  });

  it("ends with status 1 when a door cannot be opened", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const address = taken.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    const served = new Run("--tcp", `0,${port}`);
    expect(await served.status).toBe(1);
    expect(served.stderr).toMatch(/^jelling virtual: a door cannot be opened: .*EADDRINUSE.*\n$/);
    expect(served.stdout).toBe("");
    taken.close();
  });
});

describe("jelling virtual: as a process", () => {
  const script = fileURLToPath(new URL("../../cli/jelling.ts", import.meta.url));
  const loader = new URL("../support/typescript-loader.js", import.meta.url).href;

  it.each(["SIGTERM", "SIGINT"] as const)("%s ends it cleanly, with a client at the door", async (signal) => {
    const path = join(folder, `${signal}.sock`);
    const args = ["--unix", path, "--tcp", "0", "--timing", "air", "--json"];
    const child = spawn(process.execPath, ["--import", loader, script, "virtual", ...args], {
      stdio: "pipe",
    });
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    expect(JSON.parse(line.toString())).toMatchObject({ ready: true });
    await using client = await RawClient.connect({ path });
    client.send(fromHex("01 03 0c 00"));
    expect(toHex(await client.next())).toBe("040e0401030c00");
    const exit = once(child, "exit");
    child.kill(signal);
    expect(await exit).toEqual([0, null]);
    await client.closed;
    expect(existsSync(path)).toBe(false);
    expect(stderr).toBe("");
  });
});
