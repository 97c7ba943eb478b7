import type { ConfigureOptions, Host } from "../index.ts";
import { Advertiser } from "./advertiser.ts";
import { Central } from "./central.ts";
import type { Config, ConfigValues } from "./config.ts";
import { tellFault } from "./fault.ts";
import { type Authorize, Gatts } from "./gatts.ts";
import { type CharacteristicResult, Gattc } from "./gattc.ts";
import type { Irq } from "./irq.ts";
import { L2cap } from "./l2cap.ts";
import { Links } from "./links.ts";
import { addressTuple } from "./octets.ts";
import { Pairing } from "./pairing.ts";
import { Scanner } from "./scanner.ts";
import type { Secrets } from "./secrets.ts";

/** How a session is made. */
export interface SessionParts {
  readonly host: Host;
  readonly irq: Irq;
  readonly config: Config;
  readonly secrets: Secrets;
  readonly characteristicResult: CharacteristicResult;
  readonly authorize: Authorize | undefined;
}

/** All that there is while the interface is active: a host, and the methods that are about it. */
export class Session {
  readonly host: Host;
  readonly links: Links;
  readonly advertiser: Advertiser;
  readonly scanner: Scanner;
  readonly central: Central;
  readonly pairing: Pairing;
  readonly gatts: Gatts;
  readonly gattc: Gattc;
  readonly l2cap: L2cap;
  readonly #parts: SessionParts;
  #asked = false;

  constructor(parts: SessionParts) {
    const { host, irq, config, characteristicResult, authorize } = parts;
    this.#parts = parts;
    this.host = host;
    this.links = new Links(host, irq);
    this.advertiser = new Advertiser(host);
    this.scanner = new Scanner(host, irq);
    this.central = new Central(host, irq);
    this.pairing = new Pairing(host, this.links, irq);
    this.pairing.become(config.capability);
    this.gatts = new Gatts(host, this.links, irq, authorize);
    this.gattc = new Gattc(this.links, irq, characteristicResult);
    this.l2cap = new L2cap(host, this.links, irq);
  }

  /** Asks the program for its secrets, once there is a handler. */
  async askForSecrets(): Promise<void> {
    const { host, irq, secrets } = this.#parts;
    if (this.#asked || !irq.handler) return;
    this.#asked = true;
    const kept = secrets.ask();
    if (kept.irk !== undefined || kept.bonds.length > 0) await host.bonds.import(kept);
  }

  /** What `config` is asked for. */
  value<K extends keyof ConfigValues>(name: K): ConfigValues[K] {
    return this.#values[name];
  }

  /** Tells the host what was configured. What it cannot do is told as its fault, since `config` has returned. */
  configure(options: ConfigureOptions): void {
    const { config } = this.#parts;
    this.pairing.become(config.capability);
    this.host.configure(options).catch((error: unknown) => {
      tellFault(this.host, error);
    });
  }

  get #values(): ConfigValues {
    const { host } = this;
    const { name, mtu = 517, addressType, privacy } = host.configuration;
    const modes = { none: addressType === "public" ? 0 : 1, resolvable: 2, nonResolvable: 3 };
    return {
      ...this.#parts.config.values,
      mac: addressTuple(host.address),
      addr_mode: modes[privacy],
      gap_name: new TextEncoder().encode(name),
      mtu,
    };
  }
}
