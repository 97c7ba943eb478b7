import { opcodeName, Opcode, pduKind } from "../src/att/opcode.ts";
import { hexNumber, reversed, toHex, u16At } from "../src/common/bytes.ts";
import { decodeSignaling, isResponse, SignalingCode } from "../src/l2cap/signaling-pdu.ts";
import { signalingName } from "../src/l2cap/signaling-registry.ts";
import { PacketType } from "../src/hci/packet.ts";
import { CommandComplete, CommandStatus } from "../src/hci/events/flow.ts";
import { FixedCid, type HciPacket, type LinkPdu, type Side } from "./conversation.ts";
import { InvariantError } from "./invariant.ts";

/** What is looked at. */
export interface ExchangeOptions {
  /** Whose answers are judged; default: those of both sides. */
  readonly answering?: Side;
  /** The link is down, or was cut off in the middle: what has no answer yet is forgiven. Default `false`. */
  readonly ended?: boolean;
}

/**
 * Every ATT request gets its one answer, and every indication its one confirmation. Vol 3, Part F, 3.3.2.
 *
 * Who asks again without waiting breaks that clause first: such a request may be answered or not, but nothing is
 * answered that was not asked, and nothing twice.
 *
 * @param pdus - Of one link, in order.
 * @throws {@link InvariantError} The message names the request and shows the answer.
 */
export function answersEveryRequestOnce(
  pdus: readonly LinkPdu[],
  { answering, ended = false }: ExchangeOptions = {},
): void {
  const sides: readonly Side[] = answering ? [answering] : ["central", "peripheral"];
  for (const side of sides) {
    const requests = new OpenRequests("answersEveryRequestOnce", side);
    const indications = new OpenRequests("answersEveryRequestOnce", side);
    for (const { from, cid, pdu } of pdus) {
      if (cid !== FixedCid.Att) continue;
      if (from === side) takeAnswer(pdu, requests, indications);
      else takeQuestion(pdu, requests, indications);
    }
    if (ended) continue;
    requests.requireNone();
    indications.requireNone();
  }
}

interface OpenRequest {
  readonly opcode: number;
  readonly pdu: Uint8Array;
  /** Nothing was open when it was made, so that the answer is due. */
  readonly due: boolean;
}

/** What one side has been asked and not answered. */
class OpenRequests {
  readonly #invariant: string;
  readonly #side: Side;
  #open: OpenRequest[] = [];

  constructor(invariant: string, side: Side) {
    this.#invariant = invariant;
    this.#side = side;
  }

  ask(opcode: number, pdu: Uint8Array): void {
    this.#open.push({ opcode, pdu, due: this.#open.length === 0 });
  }

  answer(opcode: number, pdu: Uint8Array): void {
    const at = this.#open.findIndex((request) => request.opcode === opcode);
    const what = `${opcodeName(opcode)}, with ${toHex(pdu, " ")}`;
    if (at < 0)
      throw new InvariantError(this.#invariant, `the ${this.#side} answers what nobody has asked: ${what}`);
    const [passedOver] = this.#open.slice(0, at).filter(({ due }) => due);
    if (passedOver) {
      throw new InvariantError(
        this.#invariant,
        `the ${this.#side} answers ${what} before ${toHex(passedOver.pdu, " ")}`,
      );
    }
    this.#open = this.#open.slice(at + 1);
  }

  requireNone(): void {
    const forgotten = this.#open.find(({ due }) => due);
    if (!forgotten) return;
    const { opcode, pdu } = forgotten;
    const what = `${opcodeName(opcode)}: ${toHex(pdu, " ")}`;
    throw new InvariantError(this.#invariant, `the ${this.#side} never answers ${what}`);
  }
}

function takeQuestion(pdu: Uint8Array, requests: OpenRequests, indications: OpenRequests): void {
  const [opcode] = pdu;
  if (opcode === undefined) return;
  const kind = pduKind(opcode);
  // What is too short to have a handle need not be confirmed.
  if (kind === "indication" && pdu.length >= 3) indications.ask(opcode, pdu);
  else if (kind === "request") requests.ask(opcode, pdu);
}

function takeAnswer(pdu: Uint8Array, requests: OpenRequests, indications: OpenRequests): void {
  const [opcode = 0, requestOpcode = 0] = pdu;
  const kind = pduKind(opcode);
  if (kind === "confirmation") indications.answer(Opcode.HandleValueIndication, pdu);
  if (kind !== "response") return;
  if (opcode !== Opcode.ErrorResponse) requests.answer(opcode - 1, pdu);
  // An opcode that nobody knows is refused too, but was not counted as a request.
  else if (pduKind(requestOpcode) !== "unknown") requests.answer(requestOpcode, pdu);
}

/**
 * Every signalling request gets its one answer, by its identifier. Vol 3, Part A, 4.
 *
 * @param pdus - Of one link, in order.
 * @throws {@link InvariantError} The message names the request and shows the answer.
 */
export function answersEverySignalOnce(
  pdus: readonly LinkPdu[],
  { answering, ended = false }: ExchangeOptions = {},
): void {
  const sides: readonly Side[] = answering ? [answering] : ["central", "peripheral"];
  for (const side of sides) {
    const open = openSignals(pdus, side);
    const [forgotten] = open.filter(({ wellFormed }) => wellFormed);
    if (ended || !forgotten) continue;
    const [code = 0] = forgotten.pdu;
    throw new InvariantError(
      "answersEverySignalOnce",
      `the ${side} never answers ${signalingName(code)}: ${toHex(forgotten.pdu, " ")}`,
    );
  }
}

interface OpenSignal {
  readonly identifier: number;
  readonly pdu: Uint8Array;
  readonly wellFormed: boolean;
}

function openSignals(pdus: readonly LinkPdu[], side: Side): OpenSignal[] {
  const open: OpenSignal[] = [];
  for (const { from, cid, pdu } of pdus) {
    const [code = 0, identifier = 0] = pdu;
    if (cid !== FixedCid.Signaling || code === SignalingCode.FlowControlCreditIndication) continue;
    if (from !== side) {
      if (!isResponse(code)) open.push({ identifier, pdu, wellFormed: identifier !== 0 && isWhole(pdu) });
      continue;
    }
    if (!isResponse(code)) continue;
    const at = open.findIndex((request) => request.identifier === identifier);
    if (at < 0) {
      const what = `${signalingName(code)} answers a request that nobody has made: ${toHex(pdu, " ")}`;
      throw new InvariantError("answersEverySignalOnce", `of the ${side}, ${what}`);
    }
    open.splice(at, 1);
  }
  return open;
}

function isWhole(pdu: Uint8Array): boolean {
  try {
    decodeSignaling(pdu);
    return true;
  } catch {
    return false; // it can throw nothing else: the octets are not what they say
  }
}

/**
 * Every HCI command is answered once, with Command Complete or Command Status. Vol 4, Part E, 4.4.
 *
 * @param packets - Between one host and its controller, in order.
 * @throws {@link InvariantError} The message names the command by its opcode.
 */
export function answersEveryCommandOnce(packets: readonly HciPacket[]): void {
  const open: number[] = [];
  for (const { from, packet } of packets) {
    if (from === "host") {
      // Host Number Of Completed Packets has no answer. Vol 4, Part E, 7.3.40.
      if (packet[0] === PacketType.Command && u16At(packet, 1) !== 0x0c35) open.push(u16At(packet, 1));
      continue;
    }
    const opcode = answeredBy(packet);
    if (opcode === undefined || opcode === 0) continue;
    const at = open.indexOf(opcode);
    if (at < 0) throw new InvariantError("answersEveryCommandOnce", `nobody has sent ${commandHex(opcode)}`);
    open.splice(at, 1);
  }
  const [forgotten] = open;
  if (forgotten === undefined) return;
  throw new InvariantError("answersEveryCommandOnce", `${commandHex(forgotten)} is never answered`);
}

function answeredBy(packet: Uint8Array): number | undefined {
  if (packet[0] !== PacketType.Event) return undefined;
  if (packet[1] === CommandComplete.code) return u16At(packet, 4);
  return packet[1] === CommandStatus.code ? u16At(packet, 5) : undefined;
}

function commandHex(opcode: number): string {
  return `command 0x${hexNumber(opcode, 4)}`;
}

/**
 * None of these keys goes over a link in clear, in neither order of its octets, as a part of whatever.
 *
 * @param pdus - Of one link, in order.
 * @param keys - 16 octets each, or whatever else is secret.
 * @throws {@link InvariantError} The message says which key and in which PDU.
 */
export function noKeyInClear(pdus: readonly LinkPdu[], keys: readonly Uint8Array[]): void {
  const sought = keys.map((key) => [toHex(key), toHex(reversed(key))] as const);
  for (const [at, { from, cid, pdu, encrypted }] of pdus.entries()) {
    if (encrypted) continue;
    const hex = toHex(pdu);
    const which = sought.findIndex((forms) => forms.some((form) => form !== "" && hex.includes(form)));
    if (which < 0) continue;
    const where = `PDU ${at} of the ${from} on channel 0x${hexNumber(cid, 4)}`;
    throw new InvariantError("noKeyInClear", `key ${which} can be read in ${where}: ${toHex(pdu, " ")}`);
  }
}
