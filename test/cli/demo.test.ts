import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { runDemo } from "../../cli/demo/demo.ts";
import { VirtualClock } from "../../src/common/clock.ts";
import { gathered, run, type Run } from "./run.ts";

type Event = Readonly<Record<string, unknown>> & { readonly event: string };

/** Runs the demo in this process, in no time. */
async function demo(args: readonly string[], terminal = false): Promise<Run> {
  const clock = new VirtualClock();
  const out = gathered();
  const err = gathered();
  const stdout = Object.assign(out.stream, { isTTY: terminal });
  const status = await clock.until(runDemo(args, { stdout, stderr: err.stream }, clock));
  expect(clock.timers).toBe(0);
  return { status, stdout: out.text(), stderr: err.text() };
}

function events(json: string): Event[] {
  return json
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Event);
}

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("jelling demo", () => {
  it("goes from scanning to disconnecting, with ten measurements", async () => {
    const { status, stdout, stderr } = await demo(["--no-trace"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const inOrder = [
      'found "jelling belt"',
      "RSSI      -47 dBm",
      "services  Heart Rate (180d), Battery (180f)",
      "is connected to 02:00:00:00:00:01/public",
      "packets of up to 185 octets",
      "0x0010  ├─ Heart Rate Measurement                  notify        2a37",
      'reads Device Name (2a00): "jelling belt"',
      "512 octets in 3 requests",
      "asks for Wearer (6a656c6c-696e-4701-8000-64656d6f0002): only who has paired may know it",
      "the same on both? yes",
      "the same on both? yes",
      "encrypt the link with a key of 16 octets",
      "of LE Secure Connections, authenticated",
      'reads Wearer (6a656c6c-696e-4701-8000-64656d6f0002): "Ada"',
      "3 octets in 2 requests",
      "writes 01 to Heart Rate Control Point (2a39)",
      "answers: done",
      "Application Error (0x80)",
      "   1   70 bpm  ██████████████████ ",
      "  10  140 bpm  ███████████████████████████████████ ",
      "has opened a channel to SPSM 0x80",
      "SDUs of up to 2048 octets in K-frames of up to 247; 32 credits to begin with",
      "has sent 1,048,576 octets in 512 SDUs within 0 ms",
      "answers with the SHA-256: the same",
      "peripheral  disconnected: Remote User Terminated Connection (0x13)",
      "Done in 2.0 s.",
    ];
    let at = 0;
    for (const text of inOrder) {
      at = stdout.indexOf(text, at);
      expect(at, text).toBeGreaterThanOrEqual(0);
      at += text.length;
    }
    expect(stdout.match(/ bpm {2}█/g)).toHaveLength(10);
    expect(stdout).not.toContain("\u001b");
  });

  it("--json prints an object a line, and as many measurements as --count says", async () => {
    const { status, stdout } = await demo(["--json", "--no-trace", "--count", "3", "--interval", "1000"]);
    expect(status).toBe(0);
    const all = events(stdout);
    const kinds = new Set(all.map(({ event }) => event));
    expect([...kinds]).toEqual([
      ...["step", "opened", "advertising", "found", "connected", "mtu", "services", "read"],
      ...["reading", "comparing", "secured", "writing", "energyReset", "written", "measurement"],
      ...["channel", "uploaded", "disconnected", "done"],
    ]);
    expect(all.filter(({ event }) => event === "measurement")).toEqual([
      measurement(1, 70, 0, 857),
      measurement(2, 72, 1, 833),
      measurement(3, 77, 2, 779),
    ]);
    expect(all.find(({ event }) => event === "uploaded")).toMatchObject({ octets: 1_048_576, intact: true });
    expect(all.at(-1)).toEqual({ event: "done", seconds: 3 });
  });

  it("pairs by numeric comparison when the belt refuses a value, and reads it then", async () => {
    const all = events((await demo(["--json", "--no-trace", "--count", "1"])).stdout);
    const begin = all.findIndex(({ event }) => event === "reading");
    const [asked, here, there, secured, read] = all.slice(begin);
    expect(asked).toMatchObject({ event: "reading", name: "Wearer" });
    expect(new Set([here?.["host"], there?.["host"]])).toEqual(new Set(["central", "peripheral"]));
    expect([here?.event, there?.event]).toEqual(["comparing", "comparing"]);
    expect(here?.["digits"]).toMatch(/^\d{6}$/);
    expect(there?.["digits"]).toBe(here?.["digits"]);
    const levelFour = { encrypted: true, authenticated: true, secureConnections: true, keySize: 16 };
    expect(secured).toMatchObject({ event: "secured", ...levelFour });
    expect(read).toMatchObject({ event: "read", name: "Wearer", value: "416461", requests: 2 });
  });

  it("writes a trace that jelling decode reads", async () => {
    const folder = mkdtempSync(join(tmpdir(), "jelling-test-"));
    try {
      const trace = join(folder, "a trace.btsnoop");
      const { status, stdout } = await demo(["--trace", trace]);
      expect(status).toBe(0);
      expect(stdout).toContain(`npx jelling decode "${trace}"`);
      const decoded = await run(["decode", trace]);
      expect(decoded).toMatchObject({ status: 0, stderr: "" });
      expect(decoded.stdout.match(/ATT_READ_BLOB_REQ/g)).toHaveLength(2);
      expect(decoded.stdout.match(/ATT_HANDLE_VALUE_NTF/g)).toHaveLength(10);
      expect(decoded.stdout.match(/Pairing DHKey Check/g)).toHaveLength(2);
      expect(decoded.stdout.match(/Insufficient Authentication/g)).toHaveLength(1);
      expect(decoded.stdout).not.toContain("MALFORMED");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("says which trace it cannot write, and fails", async () => {
    const trace = join(tmpdir(), "jelling-no-such-folder", "trace.btsnoop");
    const { status, stdout, stderr } = await demo(["--trace", trace]);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toMatch(/^jelling demo: no trace can be written: ENOENT.*jelling-no-such-folder.*\n$/);
  });

  it("has colours on a terminal, unless NO_COLOR is set", async () => {
    vi.stubEnv("NO_COLOR", "");
    vi.stubEnv("TERM", "xterm");
    expect((await demo(["--no-trace"], true)).stdout).toContain("\u001b[1mRead values\u001b[0m");
    vi.stubEnv("NO_COLOR", "1");
    expect((await demo(["--no-trace"], true)).stdout).not.toContain("\u001b");
  });

  it("ends without complaint when nobody reads any more", async () => {
    const clock = new VirtualClock();
    const err = gathered();
    let writes = 0;
    const stdout = new Writable({
      write(_chunk, _encoding, done) {
        done(++writes > 3 ? Object.assign(new Error("nobody reads"), { code: "EPIPE" }) : null);
      },
    });
    const streams = { stdout, stderr: err.stream };
    expect(await clock.until(runDemo(["--no-trace"], streams, clock))).toBe(0);
    expect({ stderr: err.text(), timers: clock.timers }).toEqual({ stderr: "", timers: 0 });
    expect(clock.now()).toBeLessThan(2000);
  });

  it.each([
    [["--loud"], "Unknown option '--loud'"],
    [["now"], "Unexpected argument 'now'"],
    [["--count"], "Option '--count <value>' argument missing"],
    [["--count", "0"], '--count: "0" is not a whole number from 1 to 10000'],
    [["--count", "ten"], '--count: "ten" is not a whole number from 1 to 10000'],
    [["--interval", "1e3"], '--interval: "1e3" is not a whole number from 10 to 10000'],
    [["--trace", "x", "--no-trace"], "--trace and --no-trace exclude each other"],
    [["--trace="], "--trace: which FILE?"],
  ])("refuses %j with status 2", async (args, message) => {
    expect(await run(["demo", ...args])).toEqual({
      status: 2,
      stdout: "",
      stderr: `jelling demo: ${message}\nTry "jelling demo --help".\n`,
    });
  });

  it.each([
    ["jelling", "start", "npm start -- --help"],
    ["belt", "start", "jelling demo --help"],
    ["jelling", "test", "jelling demo --help"],
  ])("of package %s in script %s a wrong option leads to %j", async (ofPackage, script, help) => {
    vi.stubEnv("npm_package_name", ofPackage);
    vi.stubEnv("npm_lifecycle_event", script);
    const { stderr } = await run(["demo", "--loud"]);
    expect(stderr).toBe(`jelling demo: Unknown option '--loud'\nTry "${help}".\n`);
  });

  it("--help lists the options, and the defaults are as it says", async () => {
    const { status, stdout } = await demo(["--help"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Usage: npm start/);
    expect(stdout).toMatch(/--count N .*; 10 by default/);
    expect(stdout).toMatch(/--interval MS .*; 200 by default/);
  });
});

describe("npm start", () => {
  const script = fileURLToPath(new URL("../../scripts/start.js", import.meta.url));

  // The first run builds what is not built yet.
  beforeAll(async () => {
    expect(await start(["--help"])).toMatchObject({ status: 0 });
  }, 120_000);

  it("runs the demo from whatever folder, and exits with 0", async () => {
    const { status, stdout, stderr } = await start([
      "--json",
      "--no-trace",
      "--count",
      "2",
      "--interval",
      "10",
    ]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(events(stdout).at(-1)).toMatchObject({ event: "done" });
  });

  it("passes the status of a wrong command line on", async () => {
    expect(await start(["--loud"])).toMatchObject({ status: 2, stdout: "" });
  });

  it("ends cleanly after Ctrl-C, which is status 130", async () => {
    const { status, stdout, stderr } = await start(
      ["--json", "--no-trace", "--count", "10000"],
      '"event":"measurement"',
    );
    expect({ status, stderr }).toEqual({ status: 130, stderr: "jelling demo: the demo was interrupted\n" });
    expect(events(stdout).at(-1)).toMatchObject({ event: "measurement" });
  });

  it("tells after Ctrl-C where the trace is", async () => {
    const folder = mkdtempSync(join(tmpdir(), "jelling-test-"));
    try {
      const trace = join(folder, "trace.btsnoop");
      const { status, stderr } = await start(
        ["--json", "--trace", trace, "--count", "10000"],
        '"event":"measurement"',
      );
      expect({ status, stderr }).toEqual({
        status: 130,
        stderr: `jelling demo: the demo was interrupted\nWhat went over HCI until then is in ${trace}\n`,
      });
      expect((await run(["decode", trace])).stdout).toContain("ATT_HANDLE_VALUE_NTF");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  /** @param interruptAt - What on standard output makes somebody press Ctrl-C. */
  async function start(args: readonly string[], interruptAt?: string): Promise<Run> {
    const child = spawn(process.execPath, [script, ...args], { cwd: tmpdir() });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
      if (interruptAt !== undefined && stdout.includes(interruptAt)) child.kill("SIGINT");
    });
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const status = await new Promise<number>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => {
        resolve(code ?? -1);
      });
    });
    return { status, stdout, stderr };
  }
});

function measurement(
  number: number,
  beatsPerMinute: number,
  kilojoules: number,
  rrIntervalMs: number,
): Event {
  return {
    event: "measurement",
    number,
    beatsPerMinute,
    contact: true,
    kilojoules,
    rrIntervalsMs: [rrIntervalMs],
  };
}
