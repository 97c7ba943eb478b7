import { LeReadRemoteFeaturesComplete } from "../../src/hci/events/le-connection.ts";
import { Status } from "../../src/hci/status.ts";
import { hasFeature, LeFeature } from "./le-feature.ts";
import type { LinkEnd } from "./link-end.ts";
import { Role } from "./role.ts";
import { LlOpcode, llControl } from "./ll-control.ts";
import { request } from "./request.ts";

/** A peripheral may begin it. Vol 6, Part B, 4.6.4. */
const byPeripheral = LeFeature.PeripheralInitiatedFeaturesExchange;

/** Feature Exchange procedure. Vol 6, Part B, 5.1.4. */
export function readRemoteFeatures(end: LinkEnd): void {
  const { chip, handle, peer, role } = end;
  const tell = (status: Status, features: Uint8Array): void => {
    chip.hci.event(LeReadRemoteFeaturesComplete, { status, connectionHandle: handle, features });
  };
  const isCentral = role === Role.Central;
  if (!isCentral && !hasFeature(chip.features, byPeripheral)) {
    tell(Status.UnsupportedRemoteFeature, new Uint8Array(8));
    return;
  }
  end.procedures.run((done) => {
    const opcode = isCentral ? LlOpcode.FeatureReq : LlOpcode.PeripheralFeatureReq;
    request(end, {
      pdu: llControl(opcode, chip.features),
      features: isCentral ? [] : [byPeripheral],
      known() {
        peer.knowsFeatures = true;
        const features = peer.chip.features.slice();
        // Of the first octet, what both have. Vol 6, Part B, 2.4.2.10.
        features[0] = (features[0] ?? 0) & (chip.features[0] ?? 0);
        peer.control(llControl(LlOpcode.FeatureRsp, features), () => {
          end.knowsFeatures = true;
          tell(Status.Success, features);
          done();
        });
      },
      unknown() {
        tell(Status.UnsupportedRemoteFeature, new Uint8Array(8));
        done();
      },
    });
  });
}
