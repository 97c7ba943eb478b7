import type { Finding } from "./finding.ts";
import type { Files, Surroundings } from "./surroundings.ts";
import { describeUsb, usbParentOf } from "./usb-parent.ts";

/** Devices whose part in this is known, by vendor or by vendor and product. */
const known: readonly (readonly [ids: string, what: string])[] = [
  ["1915:", "a board of Nordic Semiconductor"],
  ["2fe3:", "a board with Zephyr"],
  ["1366:", "a J-Link, as Nordic's development kits have (?preset=nrf52)"],
  ["0483:", "a board of STMicroelectronics"],
  ["2e8a:", "a Raspberry Pi Pico"],
  ["0403:", "an FTDI adapter"],
  ["10c4:ea60", "a CP210x adapter"],
  ["1a86:", "a CH340 adapter"],
  ["067b:", "a PL2303 adapter"],
];

/** The serial ports with hardware behind them. */
export function serialPortsOf(files: Files): readonly string[] {
  return files.names("sys/class/tty").filter((name) => {
    if (!files.has("sys/class/tty", name, "device")) return false;
    // A PC has 32 of these, most of them without a chip: those are of type 0.
    return !/^ttyS\d+$/.test(name) || files.text("sys/class/tty", name, "type") !== "0";
  });
}

/** What the ports are, and whether this user may open them. */
export function lookAtSerialPorts(files: Files, surroundings: Surroundings): readonly Finding[] {
  const ports = serialPortsOf(files);
  if (ports.length === 0) return [{ about: "serial", verdict: "note", text: "no serial port is there" }];
  return ports.map((name) => lookAtPort(files, surroundings, name));
}

function lookAtPort(files: Files, surroundings: Surroundings, name: string): Finding {
  const device = files.target("sys/class/tty", name, "device");
  const usb = device === undefined ? undefined : usbParentOf(files, device);
  const [, guess] = known.find(([ids]) => usb?.ids.startsWith(ids)) ?? [];
  const parts = [usb ? describeUsb(usb) : "built in", ...(guess === undefined ? [] : [guess])];
  const what = `/dev/${name}: ${parts.join("; ")}`;
  if (files.has("dev", name) && surroundings.mayOpen(`/dev/${name}`)) {
    const text = `${what}. To learn what answers: jelling doctor --probe serial:/dev/${name}`;
    return { about: "serial", verdict: "ok", text };
  }
  if (!files.has("dev", name))
    return { about: "serial", verdict: "note", text: `${what}, but there is no such file` };
  const group = groupName(files, files.groupOf("dev", name)) ?? "dialout";
  return {
    about: "serial",
    verdict: "problem",
    text: `${what}, but this user may not open it`,
    mend: `sudo usermod -aG ${group} $USER   (then log in again)`,
  };
}

function groupName(files: Files, id: number | undefined): string | undefined {
  const lines = files.text("etc/group")?.split("\n") ?? [];
  const fields = lines.map((line) => line.split(":")).find(([, , number]) => number === String(id));
  const [name] = fields ?? [];
  return name === "root" ? undefined : name;
}
