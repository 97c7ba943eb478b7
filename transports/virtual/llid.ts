/** What the payload of a packet of a link is. Vol 6, Part B, 2.4. */
export const Llid = { Continuation: 0b01, Start: 0b10, Control: 0b11 } as const;
export type Llid = (typeof Llid)[keyof typeof Llid];
