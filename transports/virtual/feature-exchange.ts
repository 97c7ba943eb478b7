import { LeReadRemoteFeaturesComplete } from "../../src/hci/events/le-connection.ts";
import { Status } from "../../src/hci/status.ts";
import { hasFeature, LeFeature } from "./le-feature.ts";
import { type LinkEnd, Role } from "./link.ts";
import { LlOpcode, llControl } from "./ll-control.ts";

/** Feature Exchange procedure. Vol 6, Part B, 5.1.4. */
export function readRemoteFeatures(end: LinkEnd): void {
  const { chip, handle, peer, role } = end;
  const tell = (status: Status, features: Uint8Array): void => {
    chip.hci.event(LeReadRemoteFeaturesComplete, { status, connectionHandle: handle, features });
  };
  const isCentral = role === Role.Central;
  if (!isCentral && !bothBegin(end)) {
    tell(Status.UnsupportedRemoteFeature, new Uint8Array(8));
    return;
  }
  end.procedures.run((done) => {
    const opcode = isCentral ? LlOpcode.FeatureReq : LlOpcode.PeripheralFeatureReq;
    end.control(llControl(opcode, chip.features), () => {
      peer.control(llControl(LlOpcode.FeatureRsp, peer.chip.features), () => {
        tell(Status.Success, peer.chip.features);
        done();
      });
    });
  });
}

/** Whether a peripheral may begin it. */
function bothBegin({ chip, peer }: LinkEnd): boolean {
  return [chip, peer.chip].every(({ features }) =>
    hasFeature(features, LeFeature.PeripheralInitiatedFeaturesExchange),
  );
}
