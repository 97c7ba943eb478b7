import { parseArgs } from "node:util";
import type { DoorPlace, VirtualProfile } from "../../transports/virtual/index.ts";
import { virtualProfiles } from "../../transports/virtual/controller-options.ts";
import { understood } from "../arguments.ts";
import { UsageError } from "../usage-error.ts";

/** What `jelling virtual` is asked to do. */
export interface VirtualOptions {
  /** In the order they were named. */
  readonly places: readonly DoorPlace[];
  readonly profile: VirtualProfile;
  readonly timing: "instant" | "air";
  /** How long every packet of a link takes. */
  readonly delayMs: number;
  readonly seed: number;
  /** The probability that a packet is lost. */
  readonly loss: number;
  /** Where the packets of the air are written. */
  readonly capture: string | undefined;
  readonly json: boolean;
}

/** What `jelling virtual --help` prints. */
export const virtualHelp = `Usage: jelling virtual DOOR... [OPTION]...

Serves Bluetooth LE controllers that exist in this process alone, one behind each door. They share
one air, so that hosts at different doors find each other and connect. A door speaks H4: the HCI
packets of a UART, with the packet type octet in front. It serves one client at a time, and each
one finds the controller as after power-on. Runs until SIGTERM or Ctrl-C.

Doors:
  --tcp PORTS    A port for each number, as in --tcp 9001,9002; 0 takes one that is free. On
                 127.0.0.1, or on another interface as in --tcp 0.0.0.0:9001 or [::1]:9001: whoever
                 can reach a door can use it.
  --unix PATH    A socket in the file system, removed at the end.
  --pty          A pseudo-terminal, for hosts that want a serial port. Needs the program socat.
                 When a client closes it, it is gone for a moment.
Each of them may be repeated.

Options:
  --profile NAME  What kind of controllers: 4.0, 4.2, 5.0, 5.4 (the default), small or
                  "clone dongle".
  --timing HOW    "instant": packets of a connection take no time, and everything is as fast as
                  the computer; the default. "air": they take the time they take on a radio.
  --delay-ms N    With instant timing, packets of a connection take N ms (0 to 60000).
  --seed N        Where chance begins (0 to 4294967295); 1 by default.
  --loss P        The probability that a packet is lost, 0 to 1. With instant timing packets of a
                  connection that are lost come all the same; only advertising is lost.
  --capture FILE  Write every packet of the air to FILE, as a pcap that tshark and "jelling decode"
                  read. A file that is there is written over.
  --json          Print the one line that says where the doors are as JSON:
                  {"ready":true,"doors":[{"kind":"tcp","port":9001,"address":"..."}]}
                  with "path" instead of "port" for unix and pty; the address is the controller's.
  --help          Print this text.

Exit status: 0 after SIGTERM or Ctrl-C, 1 if a door cannot be opened, 2 if the command line is wrong.

Example:
  jelling virtual --tcp 9001,9002 --timing air --loss 0.1
`;

/**
 * Reads the arguments behind `virtual`.
 *
 * @returns `help` when that is all that is asked for.
 * @throws {@link UsageError} They cannot be understood.
 */
export function parseVirtualOptions(args: readonly string[]): VirtualOptions | "help" {
  const { values, tokens } = understood(() => parse(args));
  if (values.help) return "help";
  const places = tokens.flatMap((token) =>
    token.kind === "option" ? placesIn(token.name, token.value) : [],
  );
  if (places.length === 0) throw new UsageError("no door: use --tcp, --unix or --pty");
  const { json = false } = values;
  const timing = oneOf("--timing", values.timing ?? "instant", ["instant", "air"] as const);
  const delayMs = wholeNumber("--delay-ms", values["delay-ms"] ?? "0", 60_000);
  if (delayMs > 0 && timing === "air") throw new UsageError("--delay-ms goes with --timing instant alone");
  return {
    places,
    profile: oneOf("--profile", values.profile ?? "5.4", virtualProfiles),
    timing,
    delayMs,
    seed: wholeNumber("--seed", values.seed ?? "1", 0xffff_ffff),
    loss: probability("--loss", values.loss ?? "0"),
    capture: values.capture,
    json,
  };
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    tokens: true,
    options: {
      tcp: { type: "string", multiple: true },
      unix: { type: "string", multiple: true },
      pty: { type: "boolean", multiple: true },
      profile: { type: "string" },
      timing: { type: "string" },
      "delay-ms": { type: "string" },
      seed: { type: "string" },
      loss: { type: "string" },
      capture: { type: "string" },
      json: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
}

function placesIn(option: string, value: string | undefined): readonly DoorPlace[] {
  if (option === "pty") return [{ kind: "pty" }];
  if (option === "tcp") return (value ?? "").split(",").map(tcpPlace);
  if (option !== "unix") return [];
  if (!value) throw new UsageError("--unix: which PATH?");
  return [{ kind: "unix", path: value }];
}

/** A port, or an address and a port; an IPv6 address stands in brackets. */
function tcpPlace(text: string): DoorPlace {
  const [, brackets, host = brackets, digits = ""] = /^(?:\[(.+)\]:|([^:]+):)?(.*)$/.exec(text) ?? [];
  const port = wholeNumber("--tcp", digits, 0xffff);
  return host === undefined ? { kind: "tcp", port } : { kind: "tcp", port, host };
}

function wholeNumber(option: string, text: string, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= most) return value;
  throw new UsageError(`${option}: "${text}" is not a whole number from 0 to ${most}`);
}

function probability(option: string, text: string): number {
  const value = Number(text);
  if (/^\d*\.?\d+$/.test(text) && value <= 1) return value;
  throw new UsageError(`${option}: "${text}" is not a number from 0 to 1`);
}

function oneOf<T extends string>(option: string, text: string, choices: readonly T[]): T {
  const choice = choices.find((each) => each === text);
  if (choice === undefined) throw new UsageError(`${option}: "${text}" is none of ${choices.join(", ")}`);
  return choice;
}
