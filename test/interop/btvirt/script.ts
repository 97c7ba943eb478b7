import type { Command } from "../../../src/hci/command.ts";
import { encodeCommand } from "../../../src/hci/command.ts";
import { PacketType } from "../../../src/hci/packet.ts";
import { aclPacket } from "../../support/raw-host.ts";
import { plainName } from "./render.ts";
import type { Seat } from "./rig.ts";

/** What a step can refer to. */
export interface Scene {
  readonly addresses: Readonly<Record<Seat, number>>;
  /** The connection handle that a controller gave last. */
  readonly handles: Readonly<Record<Seat, number>>;
}

/** One packet from a host. */
export interface Step {
  /** Unique in its script; the command in front, if it is one. */
  readonly name: string;
  readonly seat: Seat;
  readonly packet: (scene: Scene) => Uint8Array;
}

/** Steps one after the other, on controllers that were reset. */
export interface Script {
  readonly name: string;
  /** They are reset before each step. */
  readonly apart?: boolean;
  readonly steps: readonly Step[];
}

type Given<P> = P | ((scene: Scene) => P);

/** A command with its parameters. @param what - How this one differs from others of the same command. */
export function ask<P>(seat: Seat, command: Command<P, unknown>, given: Given<P>, what = ""): Step {
  return {
    name: titled(`${seat}: ${plainName(command.name)}`, what),
    seat,
    packet: (scene) => encodeCommand(command, given instanceof Function ? given(scene) : given),
  };
}

/** A command of any opcode and any octets. */
export function raw(seat: Seat, opcode: number, octets: readonly number[], what: string): Step {
  const packet = Uint8Array.of(PacketType.Command, opcode & 0xff, opcode >> 8, octets.length, ...octets);
  return { name: `${seat}: ${what}`, seat, packet: () => packet.slice() };
}

/** An ACL Data packet on the link. @param flags - The upper four bits of the handle field. */
export function data(seat: Seat, payload: Uint8Array, flags: number, what: string): Step {
  return {
    name: `${seat}: ${what}`,
    seat,
    packet: ({ handles }) => aclPacket(handles[seat], payload, flags),
  };
}

function titled(title: string, what: string): string {
  return what === "" ? title : `${title}, ${what}`;
}
