import fc from "fast-check";
import * as write from "../src/att/pdu-write.ts";
import * as att from "../src/att/pdu.ts";
import * as initiated from "../src/att/pdu-server-initiated.ts";
import { ErrorCode } from "../src/att/error-code.ts";
import { Opcode } from "../src/att/opcode.ts";
import type { Uuid } from "../src/common/uuid.ts";
import { type Attribute, databases, Declaration } from "./att-database.ts";
import { FixedCid, type LinkPdu, otherSide, type Side } from "./conversation.ts";
import { octetsUpTo } from "./values.ts";

/** What a client does once it knows the server. */
type Act =
  | { readonly do: "read" | "notify" | "indicate"; readonly which: number }
  | { readonly do: "write" | "command" | "long"; readonly which: number; readonly value: Uint8Array };

const which = fc.nat(31);
const value = octetsUpTo(512);
const acts: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ do: fc.constantFrom("read" as const, "notify" as const, "indicate" as const), which }),
  fc.record({ do: fc.constantFrom("write" as const, "command" as const, "long" as const), which, value }),
);

/**
 * Whole ATT conversations as the specification allows them: the exchange of MTUs, the discovery of the services and
 * characteristics of a database, then reads, writes, notifications and indications. Vol 3, Part G, 4.
 */
export const attConversations: fc.Arbitrary<readonly LinkPdu[]> = fc
  .record({
    client: fc.constantFrom<Side>("central", "peripheral"),
    mtus: fc.option(fc.tuple(fc.integer({ min: 23, max: 517 }), fc.integer({ min: 23, max: 517 })), {
      nil: undefined,
    }),
    database: databases,
    acts: fc.array(acts, { maxLength: 8 }),
  })
  .map(({ client, mtus, database, acts }) => {
    const conversation = new AttConversation(client, database);
    if (mtus) conversation.exchangeMtu(...mtus);
    conversation.discoverServices();
    for (const act of acts) conversation.act(act);
    return conversation.pdus;
  });

class AttConversation {
  readonly pdus: LinkPdu[] = [];
  readonly #client: Side;
  readonly #values: Map<number, Uint8Array>;
  readonly #database: readonly Attribute[];
  readonly #readable: readonly Attribute[];
  #mtu = 23;

  constructor(client: Side, database: readonly Attribute[]) {
    this.#client = client;
    this.#database = database;
    this.#values = new Map(database.map(({ handle, value }) => [handle, value]));
    const { PrimaryService, Characteristic } = Declaration;
    this.#readable = database.filter(
      ({ type }) => !type.equals(PrimaryService) && !type.equals(Characteristic),
    );
  }

  exchangeMtu(clientMtu: number, serverMtu: number): void {
    this.#ask(att.ExchangeMtuRequest.encode({ mtu: clientMtu }));
    this.#answer(att.ExchangeMtuResponse.encode({ mtu: serverMtu }));
    this.#mtu = Math.min(clientMtu, serverMtu);
  }

  /** Vol 3, Part G, 4.4.1, and 4.6.1 for each service. */
  discoverServices(): void {
    const services = this.#list(Declaration.PrimaryService, 1, 0xffff);
    for (let start = 1; ;) {
      const range = { startHandle: start, endHandle: 0xffff };
      this.#ask(att.ReadByGroupTypeRequest.encode({ ...range, type: Declaration.PrimaryService }));
      const entries = this.#fitting(services, start, 4).map((each) => ({
        handle: each.handle,
        groupEndHandle: each.groupEndHandle ?? each.handle,
        value: each.value,
      }));
      const last = entries.at(-1);
      if (!last) {
        this.#refuse(Opcode.ReadByGroupTypeRequest, start);
        break;
      }
      this.#answer(att.ReadByGroupTypeResponse.encode({ entries }));
      start = last.groupEndHandle + 1;
    }
    for (const { handle, groupEndHandle = handle } of services)
      this.#discoverCharacteristics(handle, groupEndHandle);
  }

  act(act: Act): void {
    const attribute = this.#readable[act.which % Math.max(this.#readable.length, 1)];
    if (!attribute) return;
    const { handle } = attribute;
    const now = this.#values.get(handle) ?? attribute.value;
    switch (act.do) {
      case "read":
        this.#read(handle, now);
        break;
      case "notify":
        this.#answer(initiated.HandleValueNotification.encode({ handle, value: this.#cut(now, 3) }));
        break;
      case "indicate":
        this.#answer(initiated.HandleValueIndication.encode({ handle, value: this.#cut(now, 3) }));
        this.#ask(initiated.HandleValueConfirmation.encode({}));
        break;
      case "command":
        this.#store(handle, this.#cut(act.value, 3));
        this.#ask(write.WriteCommand.encode({ handle, value: this.#cut(act.value, 3) }));
        break;
      case "write":
        this.#store(handle, this.#cut(act.value, 3));
        this.#ask(write.WriteRequest.encode({ handle, value: this.#cut(act.value, 3) }));
        this.#answer(write.WriteResponse.encode({}));
        break;
      case "long":
        this.#writeLong(handle, act.value);
        break;
    }
  }

  #discoverCharacteristics(first: number, last: number): void {
    const found = this.#list(Declaration.Characteristic, first, last);
    for (let start = first; start <= last;) {
      const range = { startHandle: start, endHandle: last };
      this.#ask(att.ReadByTypeRequest.encode({ ...range, type: Declaration.Characteristic }));
      const entries = this.#fitting(found, start, 2).map(({ handle, value }) => ({ handle, value }));
      const end = entries.at(-1);
      if (!end) {
        this.#refuse(Opcode.ReadByTypeRequest, start);
        return;
      }
      this.#answer(att.ReadByTypeResponse.encode({ entries }));
      start = end.handle + 1;
    }
  }

  /** Vol 3, Part G, 4.8.1 and 4.8.3. */
  #read(handle: number, value: Uint8Array): void {
    this.#ask(att.ReadRequest.encode({ handle }));
    this.#answer(att.ReadResponse.encode({ value: this.#cut(value, 1) }));
    const size = this.#mtu - 1;
    for (let offset = size; offset <= value.length; offset += size) {
      this.#ask(att.ReadBlobRequest.encode({ handle, offset }));
      this.#answer(att.ReadBlobResponse.encode({ value: value.subarray(offset, offset + size) }));
    }
  }

  /** Vol 3, Part G, 4.9.4. */
  #writeLong(handle: number, value: Uint8Array): void {
    const size = this.#mtu - 5;
    for (let offset = 0; offset === 0 || offset < value.length; offset += size) {
      const part = { handle, offset, value: value.subarray(offset, offset + size) };
      this.#ask(write.PrepareWriteRequest.encode(part));
      this.#answer(write.PrepareWriteResponse.encode(part));
    }
    this.#ask(write.ExecuteWriteRequest.encode({ flags: write.ExecuteWriteFlags.Write }));
    this.#answer(write.ExecuteWriteResponse.encode({}));
    this.#store(handle, value);
  }

  #store(handle: number, value: Uint8Array): void {
    this.#values.set(handle, value);
  }

  #list(type: Uuid, first: number, last: number): Attribute[] {
    return this.#database.filter(
      (each) => each.type.equals(type) && each.handle >= first && each.handle <= last,
    );
  }

  /** As many from `start` on as have values of one length and fit into a response. Vol 3, Part F, 3.4.4.2. */
  #fitting(attributes: readonly Attribute[], start: number, head: number): Attribute[] {
    const from = attributes.filter(({ handle }) => handle >= start);
    const size = from[0]?.value.length ?? 0;
    const other = from.findIndex(({ value }) => value.length !== size);
    const most = Math.floor((this.#mtu - 2) / (head + size));
    return from.slice(0, other < 0 ? most : Math.min(most, other));
  }

  #cut(value: Uint8Array, head: number): Uint8Array {
    return value.subarray(0, this.#mtu - head);
  }

  #refuse(requestOpcode: number, handle: number): void {
    this.#answer(att.ErrorResponse.encode({ requestOpcode, handle, error: ErrorCode.AttributeNotFound }));
  }

  #ask(pdu: Uint8Array): void {
    this.pdus.push({ from: this.#client, cid: FixedCid.Att, pdu, encrypted: false });
  }

  #answer(pdu: Uint8Array): void {
    this.pdus.push({ from: otherSide(this.#client), cid: FixedCid.Att, pdu, encrypted: false });
  }
}
