import { equal } from "../common/bytes.ts";
import { type Operation, type Procedure, run, wait } from "../common/procedure.ts";
import { Uuid } from "../common/uuid.ts";
import type { Attribute, AttributeTable, ReadResult } from "./attribute-table.ts";
import { ErrorCode } from "./error-code.ts";
import {
  FindByTypeValueRequest,
  FindByTypeValueResponse,
  FindInformationRequest,
  FindInformationResponse,
  ReadByGroupTypeRequest,
  ReadByGroupTypeResponse,
  ReadByTypeRequest,
  ReadByTypeResponse,
} from "./pdu.ts";

/** How a search answers: with one PDU, or with the reason why not. */
export interface Reply {
  /** The most octets of the response. */
  readonly mtu: number;
  respond(response: Uint8Array): void;
  refuse(handle: number, error: ErrorCode): void;
}

const primaryService = Uuid.from(0x2800);
const secondaryService = Uuid.from(0x2801);

/** The Length octet of a list covers handle and value together. Vol 3, Part F, 3.4.4.2 and 3.4.4.10. */
const mostEntryOctets = 255;

/** Vol 3, Part F, 3.4.3.1. */
export function findInformation<Peer>(table: AttributeTable<Peer>, pdu: Uint8Array, reply: Reply): void {
  const range = FindInformationRequest.decode(pdu);
  if (!isRange(range, reply)) return;
  const entries: { handle: number; uuid: Uuid }[] = [];
  let room = reply.mtu - 2;
  for (const { handle, type } of table.between(range.startHandle, range.endHandle)) {
    // All UUIDs of one response have one width.
    if (entries[0] && entries[0].uuid.octets.length !== type.octets.length) break;
    room -= 2 + type.octets.length;
    if (room < 0) break;
    entries.push({ handle, uuid: type });
  }
  answer(entries, range, reply, () => FindInformationResponse.encode({ entries }));
}

/** Vol 3, Part F, 3.4.3.3. */
export function findByTypeValue<Peer>(
  table: AttributeTable<Peer>,
  peer: Peer,
  pdu: Uint8Array,
  reply: Reply,
): void {
  const { attributeType, value, ...range } = FindByTypeValueRequest.decode(pdu);
  if (!isRange(range, reply)) return;
  const wanted = ofType(table, range, ({ short }) => short === attributeType);
  const most = Math.floor((reply.mtu - 1) / 4);
  run(match(wanted, peer, value.slice(), most), (handles) => {
    if (handles instanceof Error) throw handles; // reading gives values or codes, never errors
    answer(handles, range, reply, () => FindByTypeValueResponse.encode({ handles }));
  });
}

/** The attributes with that value. One that cannot be read has none that this client could know of. */
function* match<Peer>(
  wanted: Iterable<Attribute<Peer>>,
  peer: Peer,
  value: Uint8Array,
  most: number,
): Procedure<{ handle: number; groupEndHandle: number }[]> {
  const handles: { handle: number; groupEndHandle: number }[] = [];
  for (const attribute of wanted) {
    const result = attribute.constant ?? (yield* wait(reading(attribute, peer)));
    if (typeof result === "number" || !equal(result, value)) continue;
    handles.push({ handle: attribute.handle, groupEndHandle: attribute.groupEnd });
    if (handles.length === most) break;
  }
  return handles;
}

/** Only as far as it is walked: a table may be long. */
function* ofType<Peer>(
  table: AttributeTable<Peer>,
  { startHandle, endHandle }: { startHandle: number; endHandle: number },
  isWanted: (type: Uuid) => boolean,
): Generator<Attribute<Peer>, void, undefined> {
  for (const attribute of table.between(startHandle, endHandle))
    if (isWanted(attribute.type)) yield attribute;
}

/** Vol 3, Part F, 3.4.4.9. */
export function readByGroupType<Peer>(table: AttributeTable<Peer>, pdu: Uint8Array, reply: Reply): void {
  const { type, ...range } = ReadByGroupTypeRequest.decode(pdu);
  if (!isRange(range, reply)) return;
  if (!type.equals(primaryService) && !type.equals(secondaryService)) {
    reply.refuse(range.startHandle, ErrorCode.UnsupportedGroupType);
    return;
  }
  const entries: { handle: number; groupEndHandle: number; value: Uint8Array }[] = [];
  let room = reply.mtu - 2;
  for (const attribute of table.between(range.startHandle, range.endHandle)) {
    const { handle, constant, groupEnd } = attribute;
    if (!attribute.type.equals(type) || !constant) continue;
    const value = constant.subarray(0, Math.min(reply.mtu - 6, mostEntryOctets - 4));
    room -= 4 + value.length;
    if (room < 0 || (entries[0] && entries[0].value.length !== value.length)) break;
    entries.push({ handle, groupEndHandle: groupEnd, value });
  }
  answer(entries, range, reply, () => ReadByGroupTypeResponse.encode({ entries }));
}

/** Vol 3, Part F, 3.4.4.1. */
export function readByType<Peer>(
  table: AttributeTable<Peer>,
  peer: Peer,
  pdu: Uint8Array,
  reply: Reply,
): void {
  const { type, ...range } = ReadByTypeRequest.decode(pdu);
  if (!isRange(range, reply)) return;
  const wanted = ofType(table, range, (found) => found.equals(type));
  run(collect(wanted, peer, reply.mtu), (outcome) => {
    if (outcome instanceof Error) throw outcome; // reading gives values or codes, never errors
    const { entries, refused } = outcome;
    if (refused && entries.length === 0) reply.refuse(refused.handle, refused.error);
    else answer(entries, range, reply, () => ReadByTypeResponse.encode({ entries }));
  });
}

interface Collected {
  readonly entries: readonly { readonly handle: number; readonly value: Uint8Array }[];
  /** The first attribute that could not be read; those in front of it are answered first. */
  readonly refused?: { readonly handle: number; readonly error: ErrorCode };
}

/** Reads attributes as long as their values have the length of the first and fit the response. */
function* collect<Peer>(wanted: Iterable<Attribute<Peer>>, peer: Peer, mtu: number): Procedure<Collected> {
  const entries: { handle: number; value: Uint8Array }[] = [];
  let room = mtu - 2;
  for (const attribute of wanted) {
    const { handle } = attribute;
    if (entries[0] && room < 2 + entries[0].value.length) break; // do not call a handler in vain
    const result = yield* wait(reading(attribute, peer));
    if (typeof result === "number") return { entries, refused: { handle, error: result } };
    const value = result.subarray(0, Math.min(mtu - 4, mostEntryOctets - 2));
    if (entries[0] && entries[0].value.length !== value.length) break;
    room -= 2 + value.length;
    entries.push({ handle, value: new Uint8Array(value) }); // a handler may use its octets again
  }
  return { entries };
}

function reading<Peer>(attribute: Attribute<Peer>, peer: Peer): Operation<ReadResult> {
  return (done) => {
    if (attribute.read) attribute.read(peer, 0, done);
    else done(ErrorCode.ReadNotPermitted);
  };
}

/** Vol 3, Part F, 3.4.3.1: a range that starts at 0 or ends before it starts is an Invalid Handle, the start's. */
function isRange(
  { startHandle, endHandle }: { startHandle: number; endHandle: number },
  reply: Reply,
): boolean {
  if (startHandle !== 0x0000 && startHandle <= endHandle) return true;
  reply.refuse(startHandle, ErrorCode.InvalidHandle);
  return false;
}

function answer(
  entries: readonly unknown[],
  { startHandle }: { startHandle: number },
  reply: Reply,
  encode: () => Uint8Array,
): void {
  if (entries.length === 0) reply.refuse(startHandle, ErrorCode.AttributeNotFound);
  else reply.respond(encode());
}
