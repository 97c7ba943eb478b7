import { u16At } from "../../src/common/bytes.ts";
import { Status } from "../../src/hci/status.ts";
import type { Chip } from "./chip.ts";
import { commandsOf } from "./command-table.ts";
import { commandHeaderSize } from "./hci-port.ts";

/** One command packet of the host: it is answered, and carried out if it can be. Vol 4, Part E, 4.4. */
export function carryOut(chip: Chip, packet: Uint8Array): void {
  if (packet.length < commandHeaderSize) {
    chip.fault("malformedPacket", `a command of ${packet.length} octets`);
    return;
  }
  const opcode = u16At(packet, 1);
  const isWhole = packet[3] === packet.length - commandHeaderSize;
  if (!isWhole) chip.fault("malformedPacket", `a command of ${packet.length} octets says otherwise`);
  const handler = commandsOf(chip.settings).handlers.get(opcode);
  if (!handler) chip.hci.status(opcode, Status.UnknownHciCommand);
  else if (!isWhole) handler.refuse(chip, Status.InvalidHciCommandParameters);
  else handler.run(chip, packet.subarray(commandHeaderSize));
}
