/**
 * Which bit of the Supported_Commands mask stands for which opcode. Vol 4, Part E, 6.27.
 *
 * Rows of an opcode, its bit (octet times eight plus bit), and for how many opcodes on both go on together.
 */
const rows: readonly (readonly [opcode: number, bit: number, count: number])[] = [
  [0x0406, 5, 1], // Disconnect
  [0x041d, 23, 1], // Read Remote Version Information
  [0x0c01, 46, 1], // Set Event Mask
  [0x0c03, 47, 1], // Reset
  [0x0c2d, 82, 1], // Read Transmit Power Level
  [0x0c31, 85, 1], // Set Controller To Host Flow Control
  [0x0c33, 86, 1], // Host Buffer Size
  [0x0c35, 87, 1], // Host Number Of Completed Packets
  [0x0c63, 178, 1], // Set Event Mask Page 2
  [0x0c6c, 197, 2], // Read and Write LE Host Support
  [0x0c7b, 260, 2], // Read and Write Authenticated Payload Timeout
  [0x1001, 115, 3], // Read Local Version Information, Supported Commands, Supported Features
  [0x1005, 119, 1], // Read Buffer Size
  [0x1009, 121, 1], // Read BD_ADDR
  [0x1405, 125, 1], // Read RSSI
  [0x2001, 200, 3], // LE Set Event Mask … LE Read Local Supported Features
  [0x2005, 204, 27], // LE Set Random Address … LE Test End
  [0x2020, 268, 63], // LE Remote Connection Parameter Request Reply … LE Generate DHKey [v2]
  [0x205f, 332, 29], // LE Modify Sleep Clock Accuracy … LE Transmitter Test [v4]
  [0x207c, 366, 1], // LE Set Data Related Address Changes
  [0x207d, 368, 3], // LE Set Default Subrate … LE Set Extended Advertising Parameters [v2]
  [0x2082, 373, 5], // LE Set Periodic Advertising Subevent Data … Periodic Advertising Parameters [v2]
];

const bits = new Map<number, number>();
for (const [opcode, bit, count] of rows) for (let i = 0; i < count; i++) bits.set(opcode + i, bit + i);

/** The place of an opcode in the Supported_Commands mask, counted in bits; `undefined` where it is not known here. */
export function supportedCommandBit(opcode: number): number | undefined {
  return bits.get(opcode);
}
