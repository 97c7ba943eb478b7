import { Status } from "../../src/hci/status.ts";
import type { Chip } from "./chip.ts";
import { LeFeature } from "./le-feature.ts";
import type { LinkEnd } from "./link-end.ts";
import { powerFlags, PowerReason } from "./link-power.ts";
import { LlOpcode, llControl } from "./ll-control.ts";
import { request } from "./request.ts";

/** In the PHY field of packets about power. Vol 6, Part B, 2.4.2.33. */
const phyBit = (phy: number): number => 1 << (phy - 1);

/** Power Control Request procedure that asks for no change; the host gets the answer. Vol 6, Part B, 5.1.17. */
export function readRemotePower(end: LinkEnd, phy: number): void {
  const { chip, peer, power } = end;
  end.procedures.run((done) => {
    request(end, {
      pdu: llControl(LlOpcode.PowerControlReq, phyBit(phy), 0, chip.txPower),
      features: [LeFeature.PowerControlRequest],
      known() {
        const { txPower } = peer.chip;
        const answer = llControl(LlOpcode.PowerControlRsp, powerFlags(txPower), 0, txPower, 0);
        peer.control(answer, () => {
          power.report(peer, PowerReason.RemoteRead, phy, 0);
          done();
        });
      },
      unknown() {
        power.reportFailure(Status.UnsupportedRemoteFeature, phy);
        done();
      },
    });
  });
}

/** A controller transmits with another power from now on. Vol 6, Part B, 5.1.18. */
export function changePower(chip: Chip, txPower: number): void {
  const delta = txPower - chip.txPower;
  if (delta === 0) return;
  chip.txPower = txPower;
  for (const end of chip.links.all()) {
    end.link.reconsider();
    const phy = end.phy.transmit;
    if (end.power.reportsLocal) end.power.report(end, PowerReason.LocalChanged, phy, delta);
    if (!end.peer.power.reportsRemote) continue;
    const pdu = llControl(LlOpcode.PowerChangeInd, phyBit(phy), powerFlags(txPower), delta, txPower);
    end.control(pdu, () => {
      end.peer.power.report(end, PowerReason.RemoteChanged, phy, delta);
    });
  }
}
