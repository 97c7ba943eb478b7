import fc from "fast-check";
import { agree, codec, reencodes } from "../../../testing/index.ts";

const theirs = {
  name: "their Read Blob Request",
  decode(pdu: Uint8Array) {
    const view = new DataView(pdu.buffer, pdu.byteOffset, pdu.length);
    if (view.getUint8(0) !== 0x0c || pdu.length !== 5) throw new RangeError("no Read Blob Request");
    return { handle: view.getUint16(1, true), offset: view.getUint16(3, true) };
  },
  encode({ handle, offset }: { handle: number; offset: number }) {
    return Uint8Array.of(0x0c, handle, handle >> 8, offset, offset >> 8);
  },
};

const ours = codec("ATT_READ_BLOB_REQ");
const isRefusal = (error: unknown) => error instanceof RangeError;
fc.assert(fc.property(ours.octets, (octets) => reencodes(theirs, octets)));
fc.assert(fc.property(ours.mutations, ({ octets }) => agree(ours, theirs, octets, { isRefusal })));
