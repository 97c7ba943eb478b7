import { concat, u16At } from "../../../src/common/bytes.ts";
import { encodeCommand } from "../../../src/hci/command.ts";
import { Reset, SetEventMask } from "../../../src/hci/commands/controller-baseband.ts";
import { LeSetEventMask } from "../../../src/hci/commands/le-controller.ts";
import { leMetaEventCode } from "../../../src/hci/event.ts";
import { LeConnectionComplete, LeEnhancedConnectionComplete } from "../../../src/hci/events/le-connection.ts";
import { PacketType } from "../../../src/hci/packet.ts";
import { type Line, rendered } from "./render.ts";
import { type Rig, type Seat, seats } from "./rig.ts";
import type { Scene, Script } from "./script.ts";

/** A step and everything that both controllers sent because of it, in words. */
export interface Outcome {
  readonly step: string;
  readonly lines: readonly Line[];
}

const everything = 0xffff_ffff_ffff_ffffn;
/** The events with which a controller may tell more of a new connection: scripts that want them unmask them. */
const unwanted = [0x0a, 0x14, 0x29].reduce((mask, subevent) => mask | (1n << BigInt(subevent - 1)), 0n);

/** Plays a script on two fresh controllers. */
export async function play(script: Script, rig: Rig): Promise<Outcome[]> {
  const handles: Record<Seat, number> = { a: 0x0eee, b: 0x0eee };
  const scene: Scene = { addresses: rig.addresses, handles };
  const outcomes: Outcome[] = [];
  for (const [i, { name, seat, packet }] of script.steps.entries()) {
    if (i === 0 || script.apart) await begin(rig);
    await rig.send(seat, packet(scene));
    const lines: Line[] = [];
    for (const at of seats) {
      for (const received of joined(rig.take(at))) {
        handles[at] = newHandle(received) ?? handles[at];
        lines.push(rendered(at, received, scene));
      }
    }
    outcomes.push({ step: name, lines });
  }
  return outcomes;
}

/** Resets both controllers and unmasks what scripts want to see. */
async function begin(rig: Rig): Promise<void> {
  for (const seat of seats) {
    await rig.send(seat, encodeCommand(Reset, {}));
    await rig.send(seat, encodeCommand(SetEventMask, { eventMask: everything }));
    await rig.send(seat, encodeCommand(LeSetEventMask, { eventMask: everything & ~unwanted }));
    rig.take(seat);
  }
}

function newHandle(packet: Uint8Array): number | undefined {
  if (packet[0] !== PacketType.Event || packet[1] !== leMetaEventCode || packet[4] !== 0) return undefined;
  const isNew =
    packet[3] === LeConnectionComplete.subevent || packet[3] === LeEnhancedConnectionComplete.subevent;
  return isNew ? u16At(packet, 5) : undefined;
}

/** Into how many fragments a controller cuts what it hands up is its own affair. */
function joined(packets: readonly Uint8Array[]): Uint8Array[] {
  const result: Uint8Array[] = [];
  for (const packet of packets) {
    const last = result.at(-1);
    const continues =
      packet[0] === PacketType.AclData &&
      last?.[0] === PacketType.AclData &&
      ((packet[2] ?? 0) & 0x30) === 0x10;
    if (continues) result[result.length - 1] = concat(last, packet.subarray(5));
    else result.push(packet);
  }
  return result;
}
