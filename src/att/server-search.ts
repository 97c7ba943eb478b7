import { equal } from "../common/bytes.ts";
import { type Operation, type Procedure, run, wait } from "../common/procedure.ts";
import { Uuid } from "../common/uuid.ts";
import { readAttribute } from "./access.ts";
import type { Attribute, ReadResult } from "./attribute-table.ts";
import { ErrorCode } from "./error-code.ts";
import { Opcode } from "./opcode.ts";
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
import type { Serving } from "./serving.ts";

const primaryService = Uuid.from(0x2800);
const secondaryService = Uuid.from(0x2801);

/** The Length octet of a list covers handle and value together. Vol 3, Part F, 3.4.4.2 and 3.4.4.10. */
const mostEntryOctets = 255;

/** The requests that search a range of handles. Vol 3, Part F, 3.4.3, 3.4.4.1 and 3.4.4.9. */
export function answerSearch<Peer>(server: Serving<Peer>, opcode: number, pdu: Uint8Array): boolean {
  switch (opcode) {
    case Opcode.FindInformationRequest:
      findInformation(server, pdu);
      return true;
    case Opcode.FindByTypeValueRequest:
      findByTypeValue(server, pdu);
      return true;
    case Opcode.ReadByTypeRequest:
      readByType(server, pdu);
      return true;
    case Opcode.ReadByGroupTypeRequest:
      readByGroupType(server, pdu);
      return true;
    default:
      return false;
  }
}

/** Vol 3, Part F, 3.4.3.1. */
function findInformation<Peer>(server: Serving<Peer>, pdu: Uint8Array): void {
  const range = FindInformationRequest.decode(pdu);
  if (!isRange(range, server)) return;
  const entries: { handle: number; uuid: Uuid }[] = [];
  let room = server.mtu - 2;
  for (const { handle, type } of server.table.between(range.startHandle, range.endHandle)) {
    // All UUIDs of one response have one width.
    if (entries[0] && entries[0].uuid.octets.length !== type.octets.length) break;
    room -= 2 + type.octets.length;
    if (room < 0) break;
    entries.push({ handle, uuid: type });
  }
  answer(entries, range, server, () => FindInformationResponse.encode({ entries }));
}

/** Vol 3, Part F, 3.4.3.3. */
function findByTypeValue<Peer>(server: Serving<Peer>, pdu: Uint8Array): void {
  const { attributeType, value, ...range } = FindByTypeValueRequest.decode(pdu);
  if (!isRange(range, server)) return;
  const wanted = server.table.ofType(Uuid.from(attributeType), range.startHandle, range.endHandle);
  const most = Math.floor((server.mtu - 1) / 4);
  run(match(server, wanted, new Uint8Array(value), most), (handles) => {
    if (handles instanceof Error) throw handles; // reading gives values or codes, never errors
    answer(handles, range, server, () => FindByTypeValueResponse.encode({ handles }));
  });
}

/** The attributes with that value. One that cannot be read has none that this client could know of. */
function* match<Peer>(
  server: Serving<Peer>,
  wanted: Iterable<Attribute<Peer>>,
  value: Uint8Array,
  most: number,
): Procedure<{ handle: number; groupEndHandle: number }[]> {
  const handles: { handle: number; groupEndHandle: number }[] = [];
  for (const attribute of wanted) {
    const result = attribute.constant ?? (yield* wait(reading(server, attribute)));
    if (typeof result === "number" || !equal(result, value)) continue;
    handles.push({ handle: attribute.handle, groupEndHandle: attribute.groupEnd });
    if (handles.length === most) break;
  }
  return handles;
}

/** Vol 3, Part F, 3.4.4.9. */
function readByGroupType<Peer>(server: Serving<Peer>, pdu: Uint8Array): void {
  const { type, ...range } = ReadByGroupTypeRequest.decode(pdu);
  if (!isRange(range, server)) return;
  if (!type.equals(primaryService) && !type.equals(secondaryService)) {
    server.refuse(range.startHandle, ErrorCode.UnsupportedGroupType);
    return;
  }
  const entries: { handle: number; groupEndHandle: number; value: Uint8Array }[] = [];
  let room = server.mtu - 2;
  for (const attribute of server.table.ofType(type, range.startHandle, range.endHandle)) {
    const { handle, constant, groupEnd } = attribute;
    if (!constant) continue;
    const value = constant.subarray(0, Math.min(server.mtu - 6, mostEntryOctets - 4));
    room -= 4 + value.length;
    if (room < 0 || (entries[0] && entries[0].value.length !== value.length)) break;
    entries.push({ handle, groupEndHandle: groupEnd, value });
  }
  answer(entries, range, server, () => ReadByGroupTypeResponse.encode({ entries }));
}

/** Vol 3, Part F, 3.4.4.1. */
function readByType<Peer>(server: Serving<Peer>, pdu: Uint8Array): void {
  const { type, ...range } = ReadByTypeRequest.decode(pdu);
  if (!isRange(range, server)) return;
  const wanted = server.table.ofType(type, range.startHandle, range.endHandle);
  run(collect(server, wanted), (outcome) => {
    if (outcome instanceof Error) throw outcome; // reading gives values or codes, never errors
    const { entries, refused } = outcome;
    if (refused && entries.length === 0) server.refuse(refused.handle, refused.error);
    else answer(entries, range, server, () => ReadByTypeResponse.encode({ entries }));
  });
}

interface Collected {
  readonly entries: readonly { readonly handle: number; readonly value: Uint8Array }[];
  /** The first attribute that could not be read; those in front of it are answered first. */
  readonly refused?: { readonly handle: number; readonly error: ErrorCode };
}

/** Reads attributes as long as their values have the length of the first and fit the response. */
function* collect<Peer>(server: Serving<Peer>, wanted: Iterable<Attribute<Peer>>): Procedure<Collected> {
  const { mtu } = server;
  const entries: { handle: number; value: Uint8Array }[] = [];
  let room = mtu - 2;
  for (const attribute of wanted) {
    const { handle } = attribute;
    if (entries[0] && room < 2 + entries[0].value.length) break; // do not call a handler in vain
    const result = yield* wait(reading(server, attribute));
    if (typeof result === "number") return { entries, refused: { handle, error: result } };
    const value = result.subarray(0, Math.min(mtu - 4, mostEntryOctets - 2));
    if (entries[0] && entries[0].value.length !== value.length) break;
    room -= 2 + value.length;
    entries.push({ handle, value: new Uint8Array(value) }); // a handler may use its octets again
  }
  return { entries };
}

function reading<Peer>(server: Serving<Peer>, { handle }: Attribute<Peer>): Operation<ReadResult> {
  return (done) => {
    readAttribute(server, handle, 0, done);
  };
}

/** Vol 3, Part F, 3.4.3.1: a range that starts at 0 or ends before it starts is an Invalid Handle, the start's. */
function isRange(
  { startHandle, endHandle }: { startHandle: number; endHandle: number },
  server: Pick<Serving<never>, "refuse">,
): boolean {
  if (startHandle !== 0x0000 && startHandle <= endHandle) return true;
  server.refuse(startHandle, ErrorCode.InvalidHandle);
  return false;
}

function answer(
  entries: readonly unknown[],
  { startHandle }: { startHandle: number },
  server: Pick<Serving<never>, "refuse" | "respond">,
  encode: () => Uint8Array,
): void {
  if (entries.length === 0) server.refuse(startHandle, ErrorCode.AttributeNotFound);
  else server.respond(encode());
}
