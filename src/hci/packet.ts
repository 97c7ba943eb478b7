/** The octet in front of every HCI packet. Vol 4, Part A, 2. */
export const PacketType = {
  Command: 0x01,
  AclData: 0x02,
  SynchronousData: 0x03,
  Event: 0x04,
  IsoData: 0x05,
} as const;
export type PacketType = (typeof PacketType)[keyof typeof PacketType];

/** Which end of HCI a packet comes from. */
export type Direction = "hostToController" | "controllerToHost";
