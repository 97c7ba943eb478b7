import { LePhyUpdateComplete } from "../../src/hci/events/le-connection.ts";
import { Status } from "../../src/hci/status.ts";
import { LeFeature } from "./le-feature.ts";
import type { LinkEnd } from "./link-end.ts";
import { Role } from "./role.ts";
import { choosePhy } from "./link-phy.ts";
import { LlOpcode, llControl } from "./ll-control.ts";
import { type Phy, phyNumber } from "./phy.ts";
import { meet, request } from "./request.ts";

/**
 * The PHY Update procedure, by the wish of the host of `asker`. Vol 6, Part B, 5.1.10.
 *
 * The asker's host is told in any case, the other's when its PHYs change. Vol 4, Part E, 7.7.65.12.
 */
export function updatePhy(asker: LinkEnd): void {
  asker.procedures.run((done) => {
    const fail = (status: Status): void => {
      tell(asker, status);
      done();
    };
    const { wish } = asker.phy;
    request(asker, {
      pdu: llControl(LlOpcode.PhyReq, wish.transmit, wish.receive),
      features: [LeFeature.Le2M, LeFeature.LeCoded],
      known() {
        meet(asker, {
          opcode: LlOpcode.PhyReq,
          kind: "phy",
          accepted(over) {
            answer(asker, () => {
              over();
              done();
            });
          },
          rejected: fail,
        });
      },
      unknown() {
        fail(Status.UnsupportedRemoteFeature);
      },
    });
  }, "phy");
}

/** The request has arrived: a peripheral says what it would have, and the central decides. */
function answer(asker: LinkEnd, done: () => void): void {
  const { link, peer } = asker;
  const decide = (): void => {
    decidePhy(link.central, (before) => {
      for (const end of [asker, peer]) {
        if (end === asker || isChanged(end, before)) tell(end, Status.Success);
      }
      done();
    });
  };
  const { wish } = peer.phy;
  if (peer.role === Role.Central) decide();
  else peer.control(llControl(LlOpcode.PhyRsp, wish.transmit, wish.receive), decide);
}

type Phys = ReadonlyMap<LinkEnd, Phy>;

/** The central chooses, and says from when on. @param changed - Gets the PHYs there were. */
function decidePhy(central: LinkEnd, changed: (before: Phys) => void): void {
  const { link, peer } = central;
  const before: Phys = new Map([central, peer].map((end) => [end, end.phy.transmit]));
  const [outward, inward] = [chosen(central), chosen(peer)];
  const isSame = outward === central.phy.transmit && inward === peer.phy.transmit;
  const fields = isSame ? [0, 0] : [bitOf(outward), bitOf(inward)];
  const pdu = llControl(LlOpcode.PhyUpdateInd, ...fields, 0, 0);
  central.control(
    pdu,
    (instant) => {
      if (isSame) {
        changed(before);
        return;
      }
      const isInTime = link.carrier.at(instant, () => {
        central.phy.transmit = outward;
        peer.phy.transmit = inward;
        link.reconsider();
        changed(before);
      });
      if (!isInTime) peer.lose(Status.InstantPassed);
    },
    isSame ? {} : { instantAt: 3 },
  );
}

/** With what `end` shall transmit from now on. */
function chosen({ phy, peer }: LinkEnd): Phy {
  return choosePhy(phy.wish.transmit & peer.phy.wish.receive, phy.transmit, phy.coded);
}

/** In TX_PHYS and RX_PHYS of packets. Vol 6, Part B, 2.4.2.24. */
function bitOf(phy: Phy): number {
  return 1 << (phyNumber(phy) - 1);
}

function isChanged({ phy, peer }: LinkEnd, before: Phys): boolean {
  const of = (value: Phy | undefined): number => phyNumber(value ?? phy.transmit);
  return (
    of(before.get(peer.peer)) !== phyNumber(phy.transmit) ||
    of(before.get(peer)) !== phyNumber(peer.phy.transmit)
  );
}

function tell({ chip, handle, phy, peer }: LinkEnd, status: Status): void {
  chip.hci.event(LePhyUpdateComplete, {
    status,
    connectionHandle: handle,
    txPhy: phyNumber(phy.transmit),
    rxPhy: phyNumber(peer.phy.transmit),
  });
}
