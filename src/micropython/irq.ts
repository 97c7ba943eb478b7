import type { BleEvent, Handler } from "./events.ts";

/** An event, until the handler has had it. */
interface Waiting {
  readonly event: BleEvent;
  told: boolean;
}

/**
 * The way of all events to the one handler, in the order in which things happen: what the peer sends, and what becomes of
 * the program's own calls, which promises tell. So everything takes exactly one step of the queue of microtasks: an event
 * that is {@link raise}d, and one that is {@link deliver}ed in the first `then` of a promise that was settled meanwhile.
 */
export class Irq {
  /** The program's; none until it has given one. */
  handler: Handler | undefined;
  /** Whether the interface is active: else nothing is told. */
  open = false;
  readonly #line: Waiting[] = [];

  /** Something has happened: the handler is called when the stack is at rest. */
  raise(...event: BleEvent): void {
    const waiting = { event, told: false };
    this.#line.push(waiting);
    queueMicrotask(() => {
      if (!waiting.told) this.#flush(waiting);
    });
  }

  /** Something has happened, and the stack is at rest already. What the handler throws is nobody else's fault. */
  deliver(...event: BleEvent): void {
    try {
      this.#call(event);
    } catch (error) {
      // The program's own mistake: it surfaces as uncaught, as that of any other listener.
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  /** The same, behind all that was raised before. */
  deliverInTurn(...event: BleEvent): void {
    this.#flush();
    this.deliver(...event);
  }

  /** Asks for something that cannot wait, behind all that was raised before; the error of a handler is the caller's. */
  ask(...event: BleEvent): unknown {
    this.#flush();
    return this.#call(event);
  }

  /** Asks also while the interface is not active: for what has to be kept. */
  askAlways(...event: BleEvent): unknown {
    return this.handler?.(...event);
  }

  #call(event: BleEvent): unknown {
    return this.open ? this.handler?.(...event) : undefined;
  }

  /** @param last - Those behind it have a microtask of their own. */
  #flush(last?: Waiting): void {
    for (let next = this.#line.shift(); next; next = this.#line.shift()) {
      next.told = true;
      this.deliver(...next.event);
      if (next === last) return;
    }
  }
}
