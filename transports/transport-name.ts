/** What the name of a transport says. */
export type TransportName =
  | { readonly kind: "hci"; readonly device: number }
  | { readonly kind: "serial"; readonly path: string; readonly settings: SerialNameSettings }
  | { readonly kind: "usb"; readonly vendorId: number | undefined; readonly productId: number | undefined }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number; readonly listen: boolean }
  | { readonly kind: "unix"; readonly path: string; readonly listen: boolean }
  | { readonly kind: "fd"; readonly fd: number }
  | { readonly kind: "replay"; readonly path: string; readonly tolerant: boolean; readonly instant: boolean }
  | { readonly kind: "virtual"; readonly air: string; readonly profile: string | undefined };

/** The settings that the name of a serial port may have; their values are checked when it is opened. */
export interface SerialNameSettings {
  readonly baudRate?: number;
  readonly preset?: string;
  readonly rtscts?: boolean;
  readonly xonxoff?: boolean;
  readonly parity?: string;
  readonly protocol?: string;
}

/** The forms that names have, as they are shown to people. */
export const transportForms: readonly (readonly [form: string, what: string])[] = [
  ["hci:0", "a controller of Linux, by its number"],
  ["serial:/dev/ttyACM0?preset=nrf52", "a serial port; also baud=, rtscts=, xonxoff=, parity=, protocol=h5"],
  ["usb:0a12:0001", "a USB device by vendor and product; usb: is the first controller there is"],
  ["tcp:127.0.0.1:9000", "H4 over TCP; with ?listen the controller connects"],
  ["unix:/run/bt.sock", "H4 over a unix socket; with ?listen the controller connects"],
  ["fd:3", "a descriptor that the launcher has opened"],
  ["replay:FILE", "a capture in the place of a controller; with ?tolerant, ?instant"],
  ["virtual:", "a controller of a virtual radio; virtual:NAME and ?profile= for more of them"],
];

/** The part behind the kind, and the settings behind the question mark. */
interface Parts {
  readonly rest: string;
  readonly settings: Settings;
}

const parsers: Readonly<Record<TransportName["kind"], (parts: Parts) => TransportName | undefined>> = {
  hci: ({ rest }) => (/^\d{1,5}$/.test(rest) ? { kind: "hci", device: Number(rest) } : undefined),
  serial: ({ rest, settings }) => {
    const baudRate = settings.number("baud");
    const rtscts = settings.flag("rtscts");
    const xonxoff = settings.flag("xonxoff");
    const [preset, parity, protocol] = [
      settings.text("preset"),
      settings.text("parity"),
      settings.text("protocol"),
    ];
    if (rest === "") return undefined;
    return {
      kind: "serial",
      path: rest,
      settings: {
        ...(baudRate === undefined ? {} : { baudRate }),
        ...(rtscts === undefined ? {} : { rtscts }),
        ...(xonxoff === undefined ? {} : { xonxoff }),
        ...(preset === undefined ? {} : { preset }),
        ...(parity === undefined ? {} : { parity }),
        ...(protocol === undefined ? {} : { protocol }),
      },
    };
  },
  usb: ({ rest }) => {
    if (rest === "") return { kind: "usb", vendorId: undefined, productId: undefined };
    const ids = /^([0-9a-f]{4}):([0-9a-f]{4})$/i.exec(rest);
    if (!ids) return undefined;
    return {
      kind: "usb",
      vendorId: Number.parseInt(ids[1] ?? "", 16),
      productId: Number.parseInt(ids[2] ?? "", 16),
    };
  },
  tcp: ({ rest, settings }) => {
    const address = /^(?:(?:\[([0-9a-f:.]+)\]|([^:[\]]+)):)?(\d{1,5})$/i.exec(rest);
    const listen = settings.flag("listen") ?? false;
    if (!address) return undefined;
    return { kind: "tcp", host: address[1] ?? address[2] ?? "127.0.0.1", port: Number(address[3]), listen };
  },
  unix: ({ rest, settings }) => {
    const listen = settings.flag("listen") ?? false;
    return rest === "" ? undefined : { kind: "unix", path: rest, listen };
  },
  fd: ({ rest }) => (/^\d{1,9}$/.test(rest) ? { kind: "fd", fd: Number(rest) } : undefined),
  replay: ({ rest, settings }) => {
    const [tolerant = false, instant = false] = [settings.flag("tolerant"), settings.flag("instant")];
    return rest === "" ? undefined : { kind: "replay", path: rest, tolerant, instant };
  },
  virtual: ({ rest, settings }) => ({ kind: "virtual", air: rest, profile: settings.text("profile") }),
};

/**
 * Reads the name of a transport, such as `hci:0`.
 *
 * @throws {@link SyntaxError} It has none of the forms that there are; the message lists them.
 */
export function parseTransportName(name: string): TransportName {
  const [, kind = "", rest = "", query] = /^([a-z]+):([^?]*)(?:\?(.*))?$/s.exec(name) ?? [];
  if (!isKind(kind)) throw new SyntaxError(refusal(name, "is no transport"));
  const settings = new Settings(name, query);
  const parsed = parsers[kind]({ rest, settings });
  if (!parsed) throw new SyntaxError(refusal(name, "is not complete or not in order"));
  settings.end();
  return parsed;
}

function isKind(kind: string): kind is TransportName["kind"] {
  return Object.hasOwn(parsers, kind);
}

/** What stands behind the question mark: `name=value`, or `name` alone for what is on or off. */
class Settings {
  readonly #name: string;
  readonly #left: URLSearchParams;

  constructor(name: string, query: string | undefined) {
    this.#name = name;
    this.#left = new URLSearchParams(query ?? "");
  }

  text(key: string): string | undefined {
    const [value, ...more] = this.#left.getAll(key);
    this.#left.delete(key);
    if (more.length > 0) throw new SyntaxError(refusal(this.#name, `has ${key} twice`));
    return value;
  }

  number(key: string): number | undefined {
    const value = this.text(key);
    if (value === undefined) return undefined;
    if (!/^\d{1,9}$/.test(value)) throw new SyntaxError(refusal(this.#name, `has ${key}, which is a number`));
    return Number(value);
  }

  flag(key: string): boolean | undefined {
    const value = this.text(key);
    if (value === undefined) return undefined;
    const meaning = new Map([
      ["", true],
      ["true", true],
      ["false", false],
    ]).get(value);
    if (meaning === undefined)
      throw new SyntaxError(refusal(this.#name, `has ${key}, which is true or false`));
    return meaning;
  }

  /** @throws {@link SyntaxError} There are others than those that were asked for. */
  end(): void {
    const [other] = this.#left.keys();
    if (other !== undefined) throw new SyntaxError(refusal(this.#name, `has no setting "${other}"`));
  }
}

function refusal(name: string, why: string): string {
  const forms = transportForms.map(([form, what]) => `  ${form.padEnd(34)}${what}`);
  const shown = name.length > 60 ? `${name.slice(0, 60)}…` : name;
  return [`"${shown}" ${why}${hint(shown)}; these can be opened:`, ...forms].join("\n");
}

/** What may have been meant. */
function hint(name: string): string {
  if (/^\/dev\/|^COM\d+$/.test(name)) return `, should it be serial:${name}`;
  return /^hci\d+$/.test(name) ? `, should it be ${name.replace("hci", "hci:")}` : "";
}
