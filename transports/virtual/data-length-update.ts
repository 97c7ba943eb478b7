import { LeDataLengthChange } from "../../src/hci/events/le-connection.ts";
import { leastLimit } from "./data-length.ts";
import { LeFeature } from "./le-feature.ts";
import type { LinkEnd } from "./link-end.ts";
import { LlOpcode, llControl, u16s } from "./ll-control.ts";
import { request } from "./request.ts";

/** LL Data Length procedure; hosts hear of it if it changes anything. Vol 6, Part B, 5.1.9. */
export function updateDataLength(end: LinkEnd): void {
  const { peer } = end;
  end.procedures.run((done) => {
    request(end, {
      pdu: lengths(LlOpcode.LengthReq, end),
      features: [LeFeature.DataPacketLengthExtension],
      known() {
        peer.control(lengths(LlOpcode.LengthRsp, peer), () => {
          for (const one of [end, peer]) if (one.dataLength.negotiate(one.peer.dataLength)) tell(one);
          done();
        });
      },
      unknown: done,
    });
  });
}

/** A new link: whichever end wishes for more than the least begins the procedure. */
export function beginDataLength(central: LinkEnd): void {
  for (const end of [central, central.peer]) {
    if (end.dataLength.wanted.octets === leastLimit.octets && end.dataLength.wanted.time === leastLimit.time)
      continue;
    updateDataLength(end);
    return;
  }
}

function lengths(opcode: LlOpcode, { dataLength }: LinkEnd): Uint8Array {
  const { receivable, wanted } = dataLength;
  return llControl(opcode, u16s(receivable.octets, receivable.time, wanted.octets, wanted.time));
}

/** LE Data Length Change. Vol 4, Part E, 7.7.65.7. */
function tell({ chip, handle, dataLength }: LinkEnd): void {
  chip.hci.event(LeDataLengthChange, {
    connectionHandle: handle,
    maxTxOctets: dataLength.transmit.octets,
    maxTxTime: dataLength.transmit.time,
    maxRxOctets: dataLength.receive.octets,
    maxRxTime: dataLength.receive.time,
  });
}
