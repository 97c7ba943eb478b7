import { basename } from "node:path";
import type { Finding } from "./finding.ts";
import type { Files } from "./surroundings.ts";
import { describeUsb, usbParentOf } from "./usb-parent.ts";

/** Programs that keep an adapter to themselves, by their names in /proc, and how to end each. */
const holders: ReadonlyMap<string, string> = new Map([
  ["bluetoothd", "sudo systemctl stop bluetooth"],
  ["btmgmt", "sudo pkill btmgmt"],
  ["hcitool", "sudo pkill hcitool"],
  ["bumble-hci", "sudo pkill bumble-hci"],
]);

/** The adapters that the kernel knows: `hci0` and so on. */
export function adaptersOf(files: Files): readonly string[] {
  return files.names("sys/class/bluetooth").filter((name) => /^hci\d+$/.test(name));
}

/** What the adapters are, what keeps them from being used, and who holds them. */
export function lookAtAdapters(files: Files): readonly Finding[] {
  const adapters = adaptersOf(files);
  if (adapters.length === 0) return [noAdapter(files)];
  return [
    ...adapters.map((name) => describeAdapter(files, name)),
    ...lookAtSwitches(files),
    ...lookAtHolders(files),
  ];
}

function describeAdapter(files: Files, name: string): Finding {
  const device = files.target("sys/class/bluetooth", name, "device");
  const usb = device === undefined ? undefined : usbParentOf(files, device);
  const driver = files.target("sys/class/bluetooth", name, "device/driver");
  const parts = [
    usb ? describeUsb(usb) : device === undefined ? "virtual" : basename(device),
    driver === undefined ? undefined : `driver ${basename(driver)}`,
  ];
  const what = parts.filter((part) => part !== undefined).join("; ");
  return {
    about: "adapters",
    verdict: "ok",
    text: `${name} is there: ${what}. Name it hci:${name.slice(3)}`,
  };
}

function noAdapter(files: Files): Finding {
  const devices = "sys/bus/usb/devices";
  const dongle = files.names(devices).find((each) => {
    const codes = ["bDeviceClass", "bDeviceSubClass", "bDeviceProtocol"];
    return codes.map((code) => files.text(devices, each, code)).join("/") === "e0/01/01";
  });
  if (dongle === undefined) {
    return {
      about: "adapters",
      verdict: "note",
      text:
        "no Bluetooth adapter is there, which is no fault: everything but the radio works, on a virtual one " +
        '("jelling demo"). For a real radio plug in a USB dongle, or a board with an HCI firmware',
    };
  }
  const usb = usbParentOf(files, files.target(devices, dongle) ?? `/${devices}/${dongle}`);
  return {
    about: "adapters",
    verdict: "problem",
    text: `${usb ? describeUsb(usb) : dongle} is a Bluetooth controller, but no driver has made an adapter of it`,
    mend: "sudo modprobe btusb",
  };
}

/** The switches of radios, in software and as a key of a laptop. */
function lookAtSwitches(files: Files): readonly Finding[] {
  return files.names("sys/class/rfkill").flatMap((name): Finding[] => {
    const read = (file: string): string | undefined => files.text("sys/class/rfkill", name, file);
    if (read("type") !== "bluetooth") return [];
    const adapter = read("name") ?? name;
    const problem = { about: "adapters", verdict: "problem" } as const;
    const findings: Finding[] = [];
    if (read("soft") === "1") {
      const text = `${adapter} is switched off by rfkill`;
      findings.push({ ...problem, text, mend: "sudo rfkill unblock bluetooth" });
    }
    if (read("hard") === "1") {
      const text = `${adapter} is switched off by a switch or a key of this computer`;
      findings.push({ ...problem, text, mend: "find the switch, or allow Bluetooth in the firmware setup" });
    }
    return findings;
  });
}

function lookAtHolders(files: Files): readonly Finding[] {
  const running = files
    .names("proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const name = files.text("proc", pid, "comm");
      const mend = name === undefined ? undefined : holders.get(name);
      return name !== undefined && mend !== undefined ? [{ pid, name, mend }] : [];
    });
  if (running.length === 0) {
    return [{ about: "adapters", verdict: "ok", text: "no other Bluetooth host that is known runs" }];
  }
  return running.map(({ pid, name, mend }) => ({
    about: "adapters",
    verdict: "problem",
    text: `${name} (process ${pid}) holds the adapters: jelling speaks to a controller alone`,
    mend,
  }));
}
