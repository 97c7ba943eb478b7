import { CaptureError } from "./error.ts";
import type { ByteSource } from "./byte-source.ts";
import type { CaptureRecord, HciRecord } from "./record.ts";
import { type Direction, PacketType } from "../../src/hci/packet.ts";

/**
 * The most octets a record may claim; the largest HCI packet has 65 540. What claims more is damaged, and is not worth
 * the memory it asks for.
 */
export const largestRecord = 0x40000;

/** One record of a file as its container gives it, its contents not yet looked at. */
export interface Frame {
  readonly format: string;
  /** Of the record in the file. */
  readonly offset: number;
  readonly number: number;
  readonly timestampMicroseconds: number;
  readonly originalLength: number;
  /** What the container itself says; most do not. */
  readonly direction: Direction | undefined;
  readonly octets: Uint8Array;
}

/** Makes a record of a frame; `undefined` when the frame holds no packet. */
export type FrameReader = (frame: Frame) => CaptureRecord | undefined;

/** Takes exactly `size` octets. */
export function takeAll(
  source: ByteSource,
  size: number,
  format: string,
  offset: number,
  what: string,
): Uint8Array {
  const octets = source.take(size);
  if (octets.length < size) {
    const end = octets.length === 0 ? "the file ends" : `the file ends after ${octets.length}`;
    throw new CaptureError(format, offset, `${what} has ${size} octets, but ${end}`);
  }
  return octets;
}

/** Numbers for reading and writing; made once a record, never once a packet of live traffic. */
export function viewOf(octets: Uint8Array): DataView {
  return new DataView(octets.buffer, octets.byteOffset, octets.length);
}

/** Brings a time stamp, however damaged, into what a Date can hold. */
export function clampMicroseconds(microseconds: number): number {
  const most = 8.64e18;
  return Math.max(-most, Math.min(most, Math.floor(microseconds)));
}

/** A frame whose octets from `start` are a packet with its packet-type octet. */
export function hciRecord(frame: Frame, direction: Direction | undefined, start = 0): HciRecord {
  const packet = frame.octets.subarray(start);
  const originalLength = Math.max(frame.originalLength - start, packet.length);
  return record(frame, packet, originalLength, direction ?? directionOf(packet[0]), undefined);
}

/** A frame whose octets from `start` are a packet without the octet that tells its type. */
export function typedRecord(
  frame: Frame,
  type: PacketType,
  direction: Direction,
  start = 0,
  controller?: number,
): HciRecord {
  const body = frame.octets.subarray(start);
  const packet = new Uint8Array(1 + body.length);
  packet[0] = type;
  packet.set(body, 1);
  const originalLength = Math.max(1 + frame.originalLength - start, packet.length);
  return record(frame, packet, originalLength, direction, controller);
}

function record(
  { number, timestampMicroseconds }: Frame,
  packet: Uint8Array,
  originalLength: number,
  direction: Direction | undefined,
  controller: number | undefined,
): HciRecord {
  return { kind: "hci", number, timestampMicroseconds, direction, controller, packet, originalLength };
}

/** Commands and events go one way only. */
function directionOf(type: number | undefined): Direction | undefined {
  if (type === PacketType.Command) return "hostToController";
  if (type === PacketType.Event) return "controllerToHost";
  return undefined;
}
