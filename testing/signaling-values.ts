import fc from "fast-check";
import type { Knowledge } from "./parameter-values.ts";
import { alike, all, type Bound, many, putRight, unsigned, type Values } from "./values.ts";

/** Dynamically allocated CIDs on an LE link. Vol 3, Part A, 2.1. */
const dynamicCid: Bound = [0x0040, 0x007f];
const cids = many(unsigned(2, dynamicCid), 1, 5);

/** No two the same. */
const differentCids: Values = putRight<unknown>(cids, (list) => [...new Set(list as number[])]);

/** A reason and what belongs to it. Vol 3, Part A, 4.1. */
const rejects: Values = {
  valid: fc.oneof(
    fc.constant({ reason: 0x0000, data: new Uint8Array(0) }),
    fc.uint8Array({ minLength: 2, maxLength: 2 }).map((data) => ({ reason: 0x0001, data })),
    fc.uint8Array({ minLength: 4, maxLength: 4 }).map((data) => ({ reason: 0x0002, data })),
  ),
  encodable: all({ reason: unsigned(2), data: alike(fc.uint8Array({ maxLength: 8 })) }).encodable,
};

/** L2CAP signalling on LE. Vol 3, Part A, 4. */
export const signalingKnowledge: Knowledge = {
  bounds: {
    intervalMin: [6, 3200],
    intervalMax: [6, 3200],
    latency: [0, 499],
    timeout: [10, 3200],
    spsm: [0x0001, 0x00ff],
    sourceCid: dynamicCid,
    destinationCid: dynamicCid,
    cid: dynamicCid,
    mtu: [64, 0xffff],
    mps: [64, 65_533],
    "L2CAP_LE_CREDIT_BASED_CONNECTION_REQ mtu": [23, 0xffff],
    "L2CAP_LE_CREDIT_BASED_CONNECTION_REQ mps": [23, 65_533],
    "L2CAP_LE_CREDIT_BASED_CONNECTION_RSP mtu": [23, 0xffff],
    "L2CAP_LE_CREDIT_BASED_CONNECTION_RSP mps": [23, 65_533],
    credits: [1, 0xffff],
    "L2CAP_CONNECTION_PARAMETER_UPDATE_RSP result": [0, 1],
    "L2CAP_LE_CREDIT_BASED_CONNECTION_RSP result": fc.constantFrom(0, 2, 4, 5, 6, 7, 8, 9, 0x0a, 0x0b),
    "L2CAP_CREDIT_BASED_CONNECTION_RSP result": fc.constantFrom(
      0,
      2,
      4,
      5,
      6,
      7,
      8,
      9,
      10,
      11,
      12,
      13,
      14,
      15,
    ),
    "L2CAP_CREDIT_BASED_RECONFIGURE_RSP result": [0, 4],
  },
  open: {
    sourceCids: differentCids,
    destinationCids: differentCids,
    // 0x0000 stands for a channel that is refused.
    "L2CAP_CREDIT_BASED_CONNECTION_RSP destinationCids": many(
      unsigned(2, fc.oneof(fc.integer({ min: 0x40, max: 0x7f }), fc.constant(0))),
      1,
      5,
    ),
  },
  whole: { L2CAP_COMMAND_REJECT_RSP: rejects },
};
