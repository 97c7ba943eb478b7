import type { DemoEvent, DemoEvents, Named } from "./events.ts";
import type { Paint } from "./paint.ts";
import { serviceTree } from "./service-tree.ts";

type Renderers = {
  readonly [E in keyof DemoEvents]: (event: DemoEvents[E], paint: Paint) => readonly string[];
};

/** What is printed before anything has happened. */
export const introduction: readonly string[] = [
  "jelling: two Bluetooth Low Energy hosts in this process meet on a virtual radio.",
  "No Bluetooth hardware is needed or used.",
];

/** Octets of a value that are shown. */
const mostOctets = 16;
const mostCharacters = 40;
/** Beats a minute for one block of a bar. */
const perBlock = 4;

const renderers: Renderers = {
  step: ({ title }, paint) => ["", paint("bold", title)],
  opened: ({ host, address }) => [row(host, `is open, its address is ${address.toString()}`)],
  advertising: ({ name, services }) => [
    row("peripheral", `advertises as ${quoted(name)} with services ${services.join(", ")}`),
  ],
  found: ({ address, name, rssi, services }, paint) => [
    row(
      "central",
      `has found ${paint("green", name === undefined ? "a device without a name" : quoted(name))}`,
    ),
    row("", `  address   ${address.toString()}`),
    row("", `  RSSI      ${rssi === undefined ? "unknown" : `${rssi} dBm`}`),
    row("", `  services  ${services.map(nameAndUuid).join(", ")}`),
  ],
  connected: ({ address, parameters }) => [
    row(
      "central",
      `is connected to ${address.toString()}, with a connection event every ${parameters.intervalMs} ms`,
    ),
  ],
  mtu: ({ mtu }) => [row("both", `exchange the MTU: packets of up to ${mtu} octets`)],
  services: ({ services }, paint) => [
    row("central", "has discovered:"),
    "",
    ...serviceTree(services, paint).map((line) => `  ${line}`),
  ],
  read: (read, paint) => [
    row("central", `reads ${nameAndUuid(read)}: ${paint("green", excerpt(read.meaning))}`),
    row(
      "",
      `  ${count(read.octets, "octet")} in ${count(read.requests, "request")}: ${hexExcerpt(read.value)}`,
    ),
  ],
  reading: (what) => [row("central", `asks for ${nameAndUuid(what)}: only who has paired may know it`)],
  comparing: ({ host, digits }, paint) => [
    row(host, `shows ${paint("bold", `${digits.slice(0, 3)} ${digits.slice(3)}`)}: the same on both? yes`),
  ],
  secured: ({ keySize, authenticated, secureConnections }) => [
    row("both", `encrypt the link with a key of ${keySize} octets`),
    row(
      "",
      `  of ${secureConnections ? "LE Secure Connections" : "LE legacy pairing"}, ${authenticated ? "" : "not "}authenticated`,
    ),
  ],
  writing: ({ value, ...what }) => [row("central", `writes ${hexExcerpt(value)} to ${nameAndUuid(what)}`)],
  written: ({ refused }, paint) => [
    refused === undefined
      ? row("peripheral", `answers: ${paint("green", "done")}`)
      : row("peripheral", `answers, as it should: ${paint("yellow", refused)}`),
  ],
  energyReset: ({ kilojoules }) => [
    row("peripheral", `sets its energy expended back to 0, after ${kilojoules} kJ`),
  ],
  measurement: (measurement, paint) => [measurementLine(measurement, paint)],
  channel: ({ spsm, peerMtu, peerMps, credits }) => [
    row("central", `has opened a channel to SPSM 0x${spsm.toString(16)}, where the belt takes new firmware`),
    row(
      "",
      `  SDUs of up to ${peerMtu} octets in K-frames of up to ${peerMps}; ${count(credits, "credit")} to begin with`,
    ),
  ],
  uploaded: ({ octets, sdus, milliseconds, sha256, intact }, paint) => [
    row("central", `has sent ${count(octets, "octet")} in ${count(sdus, "SDU")} within ${milliseconds} ms`),
    row(
      "peripheral",
      `answers with the SHA-256: ${intact ? paint("green", "the same") : paint("red", "ANOTHER")}`,
    ),
    row("", `  ${sha256}`),
  ],
  disconnected: ({ host, reason }) => [row(host, reason)],
  done: ({ seconds, trace }, paint) => [
    "",
    paint("bold", `Done in ${seconds.toFixed(1)} s.`),
    ...(trace === undefined ? [] : traceLines(trace)),
    'What else it can do: "npm start -- --help" (installed: "jelling demo --help").',
  ],
};

/** An event in lines for people. */
export function eventLines(event: DemoEvent, paint: Paint): readonly string[] {
  // The renderer is the one for this very event, which the compiler cannot follow through the table.
  return (renderers[event.event] as (event: DemoEvent, paint: Paint) => readonly string[])(event, paint);
}

function row(who: string, what: string): string {
  return `  ${who.padEnd(10)}  ${what}`;
}

function measurementLine(measurement: DemoEvents["measurement"], paint: Paint): string {
  const { number, beatsPerMinute, contact, kilojoules, rrIntervalsMs } = measurement;
  const details = [
    ...rrIntervalsMs.map((ms) => `${ms} ms from beat to beat`),
    ...(kilojoules === undefined ? [] : [`${kilojoules} kJ`]),
    ...(contact === false ? ["no contact"] : []),
  ];
  const bar = "█".repeat(Math.round(beatsPerMinute / perBlock));
  const rate = `${number.toString().padStart(4)}  ${beatsPerMinute.toString().padStart(3)} bpm`;
  return `  ${rate}  ${paint("red", bar.padEnd(36))}  ${paint("dim", details.join(", "))}`;
}

function traceLines(trace: string): readonly string[] {
  const file = /^[\w@%+=:,./\\-]+$/.test(trace) ? trace : `"${trace}"`;
  return [
    `What the central and its controller said to each other is in ${file}`,
    "  to read it as text:  ".padEnd(23) + `npx jelling decode ${file}`,
    "  or open it with Wireshark.",
  ];
}

function nameAndUuid({ uuid, name }: Named): string {
  return name === undefined ? uuid.toString() : `${name} (${uuid.toString()})`;
}

function hexExcerpt(hex: string): string {
  const pairs = hex.match(/../g) ?? [];
  const shown = pairs.slice(0, mostOctets).join(" ");
  return pairs.length > mostOctets ? `${shown} …` : shown;
}

function excerpt(text: string): string {
  return text.length > mostCharacters ? `${text.slice(0, mostCharacters)} …` : text;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

function count(number: number, what: string): string {
  return `${number.toLocaleString("en")} ${what}${number === 1 ? "" : "s"}`;
}
