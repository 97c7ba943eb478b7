import { accessSync, constants } from "node:fs";
import { systemClock } from "../../src/common/clock.ts";
import { hciSocketPackages, loadHciSocketModule } from "../../transports/hci-socket-module.ts";
import { openTransport } from "../../transports/open-transport.ts";
import { explain, explainController, probe, type ProbeResult } from "../../transports/probe.ts";
import { identify } from "../../transports/probe-identity.ts";
import { type SerialOptions, serialSettings } from "../../transports/serial-options.ts";
import { parseTransportName } from "../../transports/transport-name.ts";
import { loadUsbModule } from "../../transports/usb-module.ts";
import type { Answerer, Surroundings } from "./surroundings.ts";

/** The computer that this program runs on. */
export const thisComputer: Surroundings = {
  root: "/",
  platform: process.platform,
  execPath: process.execPath,
  mayOpen,
  load,
  probe: probeByName,
};

async function load(name: string): Promise<unknown> {
  if (name === "usb") return loadUsbModule();
  const socketPackage = hciSocketPackages.find((each) => each === name);
  return socketPackage === undefined ? import(name) : loadHciSocketModule(socketPackage);
}

function mayOpen(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
    return false;
  }
}

/** What a probe has found at a serial port. */
export function answererOf(result: ProbeResult): Answerer {
  return { text: explain(result), isUsable: result.kind === "hci" && result.controller.supportsLe };
}

async function probeByName(name: string, signal: AbortSignal): Promise<Answerer> {
  const parsed = parseTransportName(name);
  if (parsed.kind === "serial") {
    const { path, settings } = parsed;
    const { baudRate, parity, rtscts } = serialSettings({ path, ...settings } as SerialOptions);
    const isRateKnown = settings.baudRate !== undefined || (settings.preset ?? "hc") !== "hc";
    const baudRates = isRateKnown ? [baudRate] : undefined;
    return answererOf(await probe(path, { baudRates, parity, rtscts, signal }));
  }
  await using transport = await openTransport(name, { signal });
  const controller = await identify(transport, systemClock);
  if (!controller) return { text: "it opens, but no controller answers HCI_Reset", isUsable: false };
  return { text: explainController(controller), isUsable: controller.supportsLe };
}
