import type { Clock } from "../src/common/clock.ts";
import type { CallOptions } from "../src/common/promised.ts";
import type { HciReceiver, HciTransport } from "../src/hci/transport.ts";
import { VirtualAir, type VirtualControllerOptions } from "./virtual/index.ts";

/** The airs of this process that have a name, as long as somebody is on them. */
const airs = new Map<string, { readonly air: VirtualAir; users: number }>();

/** Which controller of which virtual radio. */
export interface NamedController {
  /** Controllers on the air of one name hear one another. */
  readonly air: string;
  /** What chips it is like: see {@link VirtualControllerOptions.profile}. */
  readonly profile?: string | undefined;
}

/**
 * A new controller on the virtual radio of a name, which is there as long as a transport to it is.
 *
 * @throws {@link RangeError} There is no such profile.
 */
export async function openVirtual(
  { air: name, profile }: NamedController,
  { clock, signal }: CallOptions & { readonly clock?: Clock | undefined } = {},
): Promise<HciTransport> {
  signal?.throwIfAborted();
  await Promise.resolve();
  const used = airs.get(name) ?? { air: new VirtualAir(clock ? { clock } : {}), users: 0 };
  const options =
    profile === undefined ? {} : { profile: profile as NonNullable<VirtualControllerOptions["profile"]> };
  const transport = used.air.controller(options).transport();
  airs.set(name, used);
  used.users++;
  return new NamedAirTransport(transport, () => {
    if (--used.users > 0) return;
    airs.delete(name);
    void used.air[Symbol.asyncDispose]();
  });
}

class NamedAirTransport implements HciTransport {
  readonly #transport: HciTransport;
  #leave: (() => void) | undefined;

  constructor(transport: HciTransport, leave: () => void) {
    this.#transport = transport;
    this.#leave = leave;
  }

  start(receiver: HciReceiver): void {
    this.#transport.start(receiver);
  }

  send(packet: Uint8Array): void {
    this.#transport.send(packet);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#transport[Symbol.asyncDispose]();
    const leave = this.#leave;
    this.#leave = undefined;
    leave?.();
  }
}
