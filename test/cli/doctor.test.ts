import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { runDoctor } from "../../cli/doctor/doctor.ts";
import type { Finding } from "../../cli/doctor/finding.ts";
import type { Surroundings } from "../../cli/doctor/surroundings.ts";
import { answererOf, thisComputer } from "../../cli/doctor/this-computer.ts";
import type { ProbeResult } from "../../transports/probe.ts";
import { openDoors, VirtualAir } from "../../transports/virtual/index.ts";
import { noPty } from "../transports/pty.ts";
import { gathered, run } from "./run.ts";

const folder = mkdtempSync(join(tmpdir(), "jelling-doctor-"));
afterAll(() => rmSync(folder, { recursive: true }));

let root = folder;
let count = 0;
beforeEach(() => {
  root = join(folder, String(count++));
  mkdirSync(root);
  file("proc/self/status", "Name:\tnode\nCapEff:\t0000000000003000\n");
});

function file(path: string, text = ""): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function link(path: string, target: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  symlinkSync(join(root, target), join(root, path));
}

const usbFolder = "sys/devices/pci0000:00/usb1/1-2";

/** A USB device in sysfs, with something of its own below. */
function usbDevice(ids: string, name: string): void {
  const [vendor = "", product = ""] = ids.split(":");
  file(`${usbFolder}/idVendor`, `${vendor}\n`);
  file(`${usbFolder}/idProduct`, `${product}\n`);
  file(`${usbFolder}/product`, `${name}\n`);
}

/** `hci0`, a dongle on USB. */
function dongle(): void {
  usbDevice("0a12:0001", "CSR8510 A10");
  mkdirSync(join(root, usbFolder, "1-2:1.0/bluetooth/hci0"), { recursive: true });
  link("sys/class/bluetooth/hci0", `${usbFolder}/1-2:1.0/bluetooth/hci0`);
  link(`${usbFolder}/1-2:1.0/bluetooth/hci0/device`, `${usbFolder}/1-2:1.0`);
  mkdirSync(join(root, "sys/bus/usb/drivers/btusb"), { recursive: true });
  link(`${usbFolder}/1-2:1.0/driver`, "sys/bus/usb/drivers/btusb");
}

/** `/dev/ttyACM0`, a board on USB. */
function board(ids: string, name: string): void {
  usbDevice(ids, name);
  mkdirSync(join(root, usbFolder, "1-2:1.0/tty/ttyACM0"), { recursive: true });
  link("sys/class/tty/ttyACM0", `${usbFolder}/1-2:1.0/tty/ttyACM0`);
  link(`${usbFolder}/1-2:1.0/tty/ttyACM0/device`, `${usbFolder}/1-2:1.0`);
  file("dev/ttyACM0");
}

const everything = ["@stoprocent/bluetooth-hci-socket", "serialport", "usb"];

async function examined(
  options: Partial<Surroundings> & { args?: readonly string[]; installed?: readonly string[] },
) {
  const { args = [], installed = everything, ...others } = options;
  const out = gathered();
  const surroundings: Surroundings = {
    root,
    platform: "linux",
    execPath: "/usr/bin/node",
    mayOpen: () => true,
    load(name) {
      if (installed.includes(name)) return Promise.resolve({});
      const error = new Error(`Cannot find package '${name}' imported from here`);
      return Promise.reject(Object.assign(error, { code: "ERR_MODULE_NOT_FOUND" }));
    },
    probe: () => Promise.reject(new Error("not asked for")),
    ...others,
  };
  const status = await runDoctor([...args, "--json"], { stdout: out.stream }, surroundings);
  const { findings, healthy } = JSON.parse(out.text()) as { findings: Finding[]; healthy: boolean };
  return {
    status,
    healthy,
    findings,
    of: (about: string) => findings.filter((each) => each.about === about),
  };
}

describe("jelling doctor", () => {
  it("says kindly that a computer without any Bluetooth is well", async () => {
    const { status, healthy, of } = await examined({ installed: [] });
    expect({ status, healthy }).toEqual({ status: 0, healthy: true });
    expect(of("adapters")).toEqual([
      { about: "adapters", verdict: "note", text: expect.stringContaining("which is no fault") as string },
    ]);
    expect(of("serial")).toMatchObject([{ verdict: "note", text: "no serial port is there" }]);
    expect(of("packages").map(({ verdict, mend }) => [verdict, mend])).toEqual([
      ["note", "npm install @stoprocent/bluetooth-hci-socket"],
      ["note", "npm install serialport"],
      ["note", "npm install usb@2"],
    ]);
  });

  it("finds all well where an adapter is free", async () => {
    dongle();
    const { status, findings } = await examined({});
    expect(status).toBe(0);
    expect(findings.map(({ verdict, text }) => `${verdict}: ${text}`)).toEqual([
      "ok: hci0 is there: USB 0a12:0001, CSR8510 A10; driver btusb. Name it hci:0",
      "ok: no other Bluetooth host that is known runs",
      "ok: /usr/bin/node may open adapters",
      "note: no serial port is there",
      "ok: @stoprocent/bluetooth-hci-socket loads, for adapters of Linux (hci:0)",
      "ok: serialport loads, for serial ports",
      "ok: usb loads, for USB without a driver of the system",
    ]);
  });

  it("finds who holds the adapters, and how to end that", async () => {
    dongle();
    file("proc/812/comm", "bluetoothd\n");
    file("proc/813/comm", "bash\n");
    const { status, of } = await examined({});
    expect(status).toBe(1);
    expect(of("adapters")).toContainEqual({
      about: "adapters",
      verdict: "problem",
      text: "bluetoothd (process 812) holds the adapters: jelling speaks to a controller alone",
      mend: "sudo systemctl stop bluetooth",
    });
  });

  it.each([
    ["soft", "hci0 is switched off by rfkill", "sudo rfkill unblock bluetooth"],
    ["hard", "hci0 is switched off by a switch or a key of this computer", "find the switch"],
  ])("finds a %s block of rfkill", async (which, text, mend) => {
    dongle();
    for (const [name, value] of Object.entries({
      type: "bluetooth",
      name: "hci0",
      soft: "0",
      hard: "0",
      [which]: "1",
    })) {
      file(`sys/class/rfkill/rfkill1/${name}`, `${value}\n`);
    }
    file("sys/class/rfkill/rfkill0/type", "wlan\n");
    file("sys/class/rfkill/rfkill0/soft", "1\n");
    const { of } = await examined({});
    const problems = of("adapters").filter(({ verdict }) => verdict === "problem");
    expect(problems).toMatchObject([{ text, mend: expect.stringContaining(mend) as string }]);
  });

  it("finds a controller on USB that has no driver", async () => {
    usbDevice("8087:0029", "AX200");
    link("sys/bus/usb/devices/1-2", usbFolder);
    for (const [name, value] of [
      ["bDeviceClass", "e0"],
      ["bDeviceSubClass", "01"],
      ["bDeviceProtocol", "01"],
    ]) {
      file(`${usbFolder}/${name}`, `${value}\n`);
    }
    const { of } = await examined({});
    expect(of("adapters")).toMatchObject([
      {
        verdict: "problem",
        text: "USB 8087:0029, AX200 is a Bluetooth controller, but no driver has made an adapter of it",
        mend: "sudo modprobe btusb",
      },
    ]);
  });

  it("names the rights that Node lacks, and the command that gives them", async () => {
    file("proc/self/status", "CapEff:\t0000000000001000\n");
    expect((await examined({})).of("privileges")).toMatchObject([{ verdict: "ok" }]); // CAP_NET_ADMIN is enough
    file("proc/self/status", "CapEff:\t0000000000002000\n");
    const without = await examined({});
    expect(without.of("privileges")).toMatchObject([{ verdict: "note" }]);
    dongle();
    const { of } = await examined({});
    expect(of("privileges")).toEqual([
      {
        about: "privileges",
        verdict: "problem",
        text: "/usr/bin/node may not open adapters: it lacks cap_net_admin",
        mend: "sudo setcap cap_net_raw,cap_net_admin+eip /usr/bin/node",
      },
    ]);
  });

  it("finds serial ports with the USB devices they belong to", async () => {
    board("1366:0105", "J-Link");
    const { of } = await examined({});
    expect(of("serial")).toEqual([
      {
        about: "serial",
        verdict: "ok",
        text:
          "/dev/ttyACM0: USB 1366:0105, J-Link; a J-Link, as Nordic's development kits have (?preset=nrf52). " +
          "To learn what answers: jelling doctor --probe serial:/dev/ttyACM0",
      },
    ]);
  });

  it("leaves out ports that have no chip, and terminals", async () => {
    mkdirSync(join(root, "sys/class/tty/tty0"), { recursive: true });
    for (const [name, type] of [
      ["ttyS0", "4"],
      ["ttyS1", "0"],
    ]) {
      file(`sys/class/tty/${name}/type`, `${type}\n`);
      mkdirSync(join(root, `sys/class/tty/${name}/device`), { recursive: true });
    }
    const { of } = await examined({});
    expect(of("serial").map(({ text }) => text)).toEqual(["/dev/ttyS0: built in, but there is no such file"]);
  });

  it("names the group that a port is for, where this user may not open it", async () => {
    board("0403:6001", "FT232R");
    const group = process.getgid?.() ?? 0;
    file("etc/group", `wheel:x:99999:\n${group === 0 ? "root:x:0:" : `dialout:x:${group}:`}\n`);
    const { of } = await examined({ mayOpen: (path) => path !== "/dev/ttyACM0" });
    expect(of("serial")).toMatchObject([
      {
        verdict: "problem",
        text: "/dev/ttyACM0: USB 0403:6001, FT232R; an FTDI adapter, but this user may not open it",
        mend: "sudo usermod -aG dialout $USER   (then log in again)",
      },
    ]);
  });

  it("takes a missing package for a problem where there is something that it is for", async () => {
    dongle();
    file("sys/class/tty/ttyUSB0/device/uevent");
    const { status, of } = await examined({ installed: [] });
    expect(status).toBe(1);
    expect(of("packages").map(({ verdict }) => verdict)).toEqual(["problem", "problem", "note"]);
  });

  it("tells why a package that is there does not load", async () => {
    const load = (): Promise<unknown> =>
      Promise.reject(new Error("No native build was found\nfor this platform"));
    const { of } = await examined({ load });
    expect(of("packages")[1]).toMatchObject({
      text: "serial ports need an npm package: serialport does not load (No native build was found)",
    });
  });

  it("looks at no files of Linux on other systems", async () => {
    const { findings } = await examined({ platform: "darwin" });
    expect(findings[0]).toMatchObject({
      verdict: "note",
      text: expect.stringContaining("adapters of darwin") as string,
    });
    expect(findings).toHaveLength(4);
  });
});

describe("jelling doctor --probe", () => {
  it("tells what answers, and what does not", async () => {
    const answers = new Map([
      [
        "serial:/dev/a",
        { text: "an HCI controller answers at 9600 baud in H4: Bluetooth 5.4", isUsable: true },
      ],
      ["serial:/dev/b", { text: "nothing answers at 9600 baud", isUsable: false }],
    ]);
    const { status, of } = await examined({
      args: ["--probe", "serial:/dev/a", "--probe", "serial:/dev/b", "--probe", "tcp:x:1"],
      probe: (name) => {
        const answer = answers.get(name);
        return answer === undefined
          ? Promise.reject(new Error("nobody listens there"))
          : Promise.resolve(answer);
      },
    });
    expect(status).toBe(1);
    expect(of("probe").map(({ verdict, text }) => `${verdict}: ${text}`)).toEqual([
      "ok: serial:/dev/a: an HCI controller answers at 9600 baud in H4: Bluetooth 5.4",
      "problem: serial:/dev/b: nothing answers at 9600 baud",
      "problem: tcp:x:1: nobody listens there",
    ]);
  });

  it("takes a controller without Bluetooth LE for a problem, and whatever answers that is none", async () => {
    const controller = { supportsLe: false, features: [] };
    const results: ProbeResult[] = [
      { kind: "at", baudRate: 9600, answer: "OK" },
      { kind: "text", baudRate: 9600, said: "login:" },
      { kind: "hci", protocol: "h4", baudRate: 9600, controller },
    ];
    for (const result of results) {
      const { status, of } = await examined({
        args: ["--probe", "serial:/dev/a"],
        probe: () => Promise.resolve(answererOf(result)),
      });
      expect(status, result.kind).toBe(1);
      expect(of("probe")).toMatchObject([{ verdict: "problem" }]);
    }
  });

  it("says why a transport has ended in place of an answer", async () => {
    await using server = createServer((socket) => {
      socket.on("error", () => undefined).resume();
      socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const name = `tcp:127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { of } = await examined({
      args: ["--probe", name],
      probe: (each, signal) => thisComputer.probe(each, signal),
    });
    expect(of("probe")).toMatchObject([
      { verdict: "problem", text: expect.stringContaining("sends what is no HCI") as string },
    ]);
  });

  it("says how long it has waited in vain", async () => {
    const late = new DOMException("The operation was aborted due to timeout", "TimeoutError");
    const { of } = await examined({ args: ["--probe", "tcp:x:1"], probe: () => Promise.reject(late) });
    expect(of("probe")).toMatchObject([{ text: "tcp:x:1: nothing came of it in 60 s" }]);
  });

  it.skipIf(noPty !== "")(`reaches a controller by TCP and by a pseudo-terminal${noPty}`, async () => {
    await using air = new VirtualAir();
    await using doors = await openDoors(air, [{ kind: "tcp", port: 0 }, { kind: "pty" }]);
    const names = doors.doors.map(({ location }) =>
      location.kind === "tcp" ? `tcp:127.0.0.1:${location.port}` : `serial:${location.path}`,
    );
    const args = names.flatMap((name) => ["--probe", name]);
    const { of } = await examined({ args, probe: (name, signal) => thisComputer.probe(name, signal) });
    expect(of("probe").map(({ text }) => text)).toEqual([
      expect.stringMatching(/^tcp:127\.0\.0\.1:\d+: an HCI controller answers: .*Bluetooth 5\.4/),
      expect.stringMatching(/^serial:\/dev\/pts\/\d+: an HCI controller answers at 9600 baud in H4/),
    ]);
  });
});

describe("jelling doctor: the command line", () => {
  it("is reached by its name, and works on the computer that this is", async () => {
    const { status, stdout, stderr } = await run(["doctor"]);
    expect([0, 1]).toContain(status);
    expect(stderr).toBe("");
    expect(stdout).toMatch(/npm packages\n/);
    expect(stdout).toMatch(/mended[^\n]*\n$/);
    expect((await run(["--help"])).stdout).toContain("\n  doctor ");
  });

  it("--help tells of every option", async () => {
    const { status, stdout } = await run(["doctor", "--help"]);
    expect(status).toBe(0);
    for (const option of ["--probe NAME", "--json", "--help"]) expect(stdout).toContain(`\n  ${option} `);
  });

  it.each([
    [["--verbose"], "Unknown option '--verbose'"],
    [["--probe", ""], "--probe: which NAME?"],
    [["--probe", "ttyUSB0"], '--probe: "ttyUSB0" is no transport'],
    [["--probe", "serial:/dev/x?baud=1"], "--probe: baudRate: 1 is not a whole number"],
    [["here"], "Unexpected argument 'here'"],
  ])("%j is refused", async (args, message) => {
    const { status, stderr } = await run(["doctor", ...args]);
    expect(status).toBe(2);
    expect(stderr).toContain(`jelling doctor: ${message}`);
  });
});
