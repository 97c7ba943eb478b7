import { AttBearer } from "../../src/att/att.ts";
import { AttributeTable } from "../../src/att/attribute-table.ts";
import { fromHex, toHex } from "../../src/common/bytes.ts";
import { VirtualClock } from "../../src/common/clock.ts";
import { type BleError, MalformedPduError } from "../../src/common/errors.ts";
import { clockInTurns, Turn } from "../../src/common/turn.ts";
import { GattClient } from "../../src/gatt/client.ts";
import type { ClientParts } from "../../src/gatt/client-core.ts";
import { ScriptedChannel } from "../att/scripted-channel.ts";

/** Answers a request, given as hex with the spaces taken out; `undefined` leaves it unanswered. */
export type Answer = (request: string) => string | undefined;

const mostRequests = 500;

/** A client whose server is a function: good, bad or silent. */
export class ScriptedServer {
  readonly clock: VirtualClock = new VirtualClock();
  readonly turn: Turn = new Turn();
  readonly requests: string[] = [];
  readonly client: GattClient;
  readonly bearer: AttBearer<undefined>;
  readonly channel: ScriptedChannel = new ScriptedChannel();
  /** PDUs the client could not make sense of. */
  readonly faults: unknown[] = [];

  constructor(answer: Answer, mtu = 517, parts: ClientParts = {}) {
    this.channel.deliver = (pdu) => {
      const request = toHex(pdu);
      this.requests.push(request);
      if (this.requests.length > mostRequests) throw new Error(`more than ${mostRequests} requests`);
      const response = answer(request);
      if (response !== undefined)
        this.clock.soon(() => {
          this.say(response);
        });
    };
    const user = {
      value: (handle: number, value: Uint8Array, indicated: boolean) => {
        this.client.value(handle, value, indicated);
      },
      mtuChanged: () => undefined,
      closed: (reason: BleError) => {
        this.client.closed(reason);
      },
    };
    const clock = clockInTurns(this.clock, this.turn);
    this.bearer = new AttBearer(this.channel, clock, new AttributeTable(), undefined, user, mtu);
    this.client = new GattClient(this.bearer, this.turn, parts);
  }

  /** The server sends a PDU, asked for or not. */
  say(pdu: string): void {
    this.turn.run(() => {
      try {
        this.bearer.receive(fromHex(pdu));
      } catch (error) {
        if (!(error instanceof MalformedPduError)) throw error;
        this.faults.push(error);
      }
    });
  }

  until<T>(promise: Promise<T>): Promise<T> {
    return this.clock.until(promise);
  }
}

/** "Attribute Not Found" for any request. */
export const notFound = (request: string): string => `01${request.slice(0, 2)}0000 0a`;

/** Answers by the beginning of the request; what begins otherwise is not found, but the MTU stays as it is. */
export function script(answers: Readonly<Record<string, string>>): Answer {
  return (request) => {
    if (request.startsWith("02")) return "03 1700";
    if (request === "1e") return undefined; // a confirmation
    const key = Object.keys(answers).find((each) => request.startsWith(each.replaceAll(" ", "")));
    return key === undefined ? notFound(request) : answers[key];
  };
}
