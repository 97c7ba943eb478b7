import { AttError, type Connection, type GattPeer, type Host, type LocalCharacteristic } from "../index.ts";
import {
  _FLAG_INDICATE,
  _IRQ_GATTS_INDICATE_DONE,
  _IRQ_GATTS_READ_REQUEST,
  _IRQ_GATTS_WRITE,
} from "./constants.ts";
import type { Irq } from "./irq.ts";
import type { Links } from "./links.ts";
import { type BufferLike, octetsOf } from "./octets.ts";
import { OSError, requireWithin, statusOf } from "./os-error.ts";
import {
  type CharacteristicTuple,
  mostOctets,
  nativeService,
  type ServiceTuple,
  type ValueHandlers,
} from "./services-definition.ts";
import { StoredValue } from "./stored-value.ts";

/** Decides on what `_FLAG_READ_AUTHORIZED` and `_FLAG_WRITE_AUTHORIZED` guard. */
export type Authorize = (conn_handle: number, attr_handle: number, access: "read" | "write") => boolean;

/** A characteristic or descriptor that is offered. */
interface Offered {
  /** Of its value; 0 until it was registered. */
  handle: number;
  readonly value: StoredValue;
  /** `undefined` of a descriptor. */
  local?: LocalCharacteristic;
  flags: number;
  /** Who has subscribed, and whether to indications alone. */
  readonly subscribers: Map<GattPeer, "notify" | "indicate">;
}

/** The `gatts_*` methods. */
export class Gatts {
  readonly #host: Host;
  readonly #links: Links;
  readonly #irq: Irq;
  readonly #authorize: Authorize | undefined;
  #services: readonly object[] = [];
  #offered: ReadonlyMap<number, Offered> = new Map();

  constructor(host: Host, links: Links, irq: Irq, authorize: Authorize | undefined) {
    this.#host = host;
    this.#links = links;
    this.#irq = irq;
    this.#authorize = authorize;
  }

  /** Offers these services, and those of before no more. */
  register(services: readonly ServiceTuple[]): number[][] {
    const planned = services.map((tuple) => {
      const offered: Offered[] = [];
      const definition = nativeService(tuple, () => {
        const one: Offered = { handle: 0, flags: 0, value: new StoredValue(), subscribers: new Map() };
        offered.push(one);
        return this.#handlersOf(one);
      });
      return { definition, offered, characteristics: tuple[1] };
    });
    for (const service of this.#services) this.#host.gatt.remove(service);
    this.#services = [];
    const all = new Map<number, Offered>();
    const handles = planned.map(({ definition, offered, characteristics }) => {
      const service = this.#host.gatt.add(definition);
      this.#services = [...this.#services, service];
      place(Object.values(service), characteristics, offered);
      for (const one of offered) all.set(one.handle, one);
      return offered.map(({ handle }) => handle);
    });
    this.#offered = all;
    return handles;
  }

  read(value_handle: number): Uint8Array {
    return this.#get(value_handle).value.read();
  }

  write(value_handle: number, data: BufferLike, send_update: boolean): void {
    const offered = this.#get(value_handle);
    const octets = valueOf(data);
    offered.value.write(octets);
    if (!send_update) return;
    for (const [connection, how] of offered.subscribers) {
      const link = this.#links.of(connection);
      if (!link || !offered.local) continue;
      if (how === "indicate") this.#indicate(offered.local, link, octets);
      else offered.local.tryNotify(octets, { to: connection });
    }
  }

  notify(conn_handle: number, value_handle: number, data: BufferLike | null): void {
    const to = this.#links.get(conn_handle);
    const offered = this.#get(value_handle);
    const octets = data === null ? offered.value.octets : valueOf(data);
    const local = characteristicOf(offered);
    if (sending(() => local.tryNotify(octets, { to, force: true }))) return;
    throw new OSError("ENOMEM", "too much waits to be sent to that connection");
  }

  indicate(conn_handle: number, value_handle: number, data: BufferLike | null): void {
    const to = this.#links.get(conn_handle);
    const offered = this.#get(value_handle);
    const octets = data === null ? offered.value.octets : valueOf(data);
    const local = characteristicOf(offered);
    if ((offered.flags & _FLAG_INDICATE) !== 0) this.#indicate(local, to, octets);
    else throw new OSError("EINVAL", "the characteristic has no _FLAG_INDICATE");
  }

  setBuffer(value_handle: number, len: number, append: boolean): void {
    const { value } = this.#get(value_handle);
    requireWithin("len", len, 0, mostOctets);
    value.resize(len, append);
  }

  #indicate(local: LocalCharacteristic, to: Connection, octets: Uint8Array): void {
    const done = (status: number): void => {
      this.#irq.deliver(_IRQ_GATTS_INDICATE_DONE, [to.handle, local.handle, status]);
    };
    const told = local.indicate(octets, { to, force: true }).then(
      (confirmed) => {
        done(confirmed > 0 ? 0 : statusOf(undefined));
      },
      (error: unknown) => {
        done(statusOf(error));
      },
    );
    this.#links.await(to, told);
  }

  #handlersOf(offered: Offered): ValueHandlers {
    return {
      onRead: ({ connection }) => {
        this.#askToRead(connection, offered.handle);
        return offered.value.octets;
      },
      onWrite: ({ connection, value }) => {
        offered.value.written(value);
        const link = this.#links.of(connection);
        if (link) this.#irq.deliverInTurn(_IRQ_GATTS_WRITE, [link.handle, offered.handle]);
      },
      onAuthorize: ({ connection, access }) => {
        const link = this.#links.of(connection);
        if (!link || access === "subscribe") return false;
        // Reading asks the handler anyway.
        return this.#authorize?.(link.handle, offered.handle, access) ?? access === "read";
      },
    };
  }

  /** @throws {@link AttError} The program does not want it to be read. */
  #askToRead(connection: GattPeer, attr_handle: number): void {
    const link = this.#links.of(connection);
    if (!link) return;
    const answer = this.#irq.ask(_IRQ_GATTS_READ_REQUEST, [link.handle, attr_handle]);
    if (typeof answer === "number" && answer !== 0) throw new AttError(answer);
  }

  /** @throws {@link OSError} EINVAL: there is no value with that handle. */
  #get(value_handle: number): Offered {
    const offered = this.#offered.get(value_handle);
    if (offered) return offered;
    throw new OSError("EINVAL", `there is no value with the handle ${value_handle}`);
  }
}

/** Tells what is offered, in the order of its tuples, which handles it has got. */
function place(
  locals: readonly LocalCharacteristic[],
  characteristics: readonly CharacteristicTuple[],
  offered: readonly Offered[],
): void {
  const left = offered.values();
  for (const [at, [, flags]] of characteristics.entries()) {
    const local = locals[at];
    const one = left.next().value;
    if (!local || !one) return;
    one.handle = local.handle;
    one.local = local;
    one.flags = flags;
    follow(local, one);
    for (const { handle } of local.descriptors) {
      const next = left.next().value;
      if (next) next.handle = handle;
    }
  }
}

/** Keeps who has subscribed, and how: one that has both ways is notified. */
function follow(local: LocalCharacteristic, { subscribers }: Offered): void {
  local.on("subscribed", (connection, { notifications }) => {
    subscribers.set(connection, notifications ? "notify" : "indicate");
  });
  local.on("unsubscribed", (connection) => {
    subscribers.delete(connection);
  });
}

/** @throws {@link OSError} EINVAL: a descriptor cannot be sent. */
function characteristicOf({ local }: Offered): LocalCharacteristic {
  if (local) return local;
  throw new OSError("EINVAL", "that is the handle of a descriptor");
}

function sending(send: () => boolean): boolean {
  try {
    return send();
  } catch (error) {
    throw new OSError("EINVAL", error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** @throws {@link OSError} EINVAL: it is longer than a value can be. */
function valueOf(data: BufferLike): Uint8Array {
  const octets = octetsOf("data", data);
  if (octets.length <= mostOctets) return octets;
  throw new OSError("EINVAL", `data: ${octets.length} octets are more than ${mostOctets}`);
}
