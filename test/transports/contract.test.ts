import { concat } from "../../src/common/bytes.ts";
import { VirtualClock } from "../../src/common/clock.ts";
import type { HciReceiver, HciTransport } from "../../src/hci/transport.ts";
import { openTransport } from "../../transports/open-transport.ts";
import { traced } from "../../transports/trace.ts";
import { VirtualTransport } from "../../transports/virtual/virtual-transport.ts";
import { transportContract, type TransportRig } from "../support/transport-contract.ts";

/** What is behind the transport to a virtual controller: here a test, which says what the controller says. */
class ScriptedChip {
  readonly clock = new VirtualClock();
  readonly medium = { clock: this.clock };
  readonly taken: Uint8Array[] = [];
  readonly hci = { send: (packet: Uint8Array) => this.taken.push(packet) };
  #receiver: HciReceiver | undefined;

  attach(receiver: HciReceiver): void {
    this.#receiver = receiver;
  }

  detach(): void {
    this.#receiver = undefined;
  }

  deliver(packet: Uint8Array): void {
    this.clock.soon(() => this.#receiver?.packet(packet));
  }
}

function virtualRig(wrap: (transport: HciTransport) => HciTransport): TransportRig {
  const chip = new ScriptedChip();
  const transport = new VirtualTransport(
    chip as unknown as ConstructorParameters<typeof VirtualTransport>[0],
    () => undefined,
  );
  return {
    transport: wrap(transport),
    send: (chunks) => {
      for (const chunk of chunks) chip.deliver(chunk);
    },
    received: () => concat(...chip.taken),
    // As when its air is switched off.
    lose: () => transport.close(new Error("switched off")),
    settle: () => chip.clock.advance(1),
    async [Symbol.asyncDispose]() {
      await chip.clock.advance(0);
    },
  };
}

transportContract("a virtual controller", {
  carries: "packets",
  canBeLost: false,
  guardsHandlers: false, // the clock calls the receiver
  open: () => Promise.resolve(virtualRig((transport) => transport)),
  openWith: (signal) => openTransport("virtual:", { signal }),
});

transportContract("a trace of a transport", {
  carries: "packets",
  canBeLost: false,
  guardsHandlers: false,
  open: () => Promise.resolve(virtualRig((transport) => traced(transport, { write: () => undefined }))),
});
