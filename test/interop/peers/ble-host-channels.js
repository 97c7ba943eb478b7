/** Credit-based channels of ble-host. */
import { createHash } from "node:crypto";
import bleHost from "ble-host";
import { octets, tell } from "./program.js";

const { L2CAPCoCErrors } = bleHost;

/** @param current - Gives the connection that has the channels. */
export function channelVerbs(current) {
  let channel;
  let hash = createHash("sha256");
  let received = 0;

  function take(made) {
    channel = made;
    hash = createHash("sha256");
    received = 0;
    channel.on("data", (sdu) => {
      hash.update(sdu);
      received += sdu.length;
      tell("sdu", sdu.length);
    });
    channel.on("disconnect", () => tell("channelClosed"));
  }

  return {
    listen({ spsm, mtu }) {
      current().l2capCoCManager.registerLePsm(spsm, (_txMtu, answer) => {
        take(answer(L2CAPCoCErrors.CONNECTION_SUCCESSFUL, false, mtu));
        tell("channel", { txMtu: channel.txMtu, txMps: channel.txMps, credits: channel.txCredits });
      });
    },
    refuseChannels({ spsm }) {
      current().l2capCoCManager.registerLePsm(spsm, (_txMtu, answer) =>
        answer(L2CAPCoCErrors.NO_RESOURCES_AVAILABLE),
      );
    },
    openChannel: ({ spsm, mtu }) =>
      new Promise((resolve, reject) => {
        current().l2capCoCManager.connect(spsm, false, mtu, (result, made) => {
          if (result !== L2CAPCoCErrors.CONNECTION_SUCCESSFUL) {
            reject(new Error(L2CAPCoCErrors.toString(result)));
            return;
          }
          take(made);
          resolve({ txMtu: made.txMtu, txMps: made.txMps, credits: made.txCredits });
        });
      }),
    /** Sends `count` SDUs of `size` octets, each filled with its number; as fast as it may. */
    async send({ count, size }) {
      for (let i = 0; i < count; i++) {
        const sdu = octets(new Uint8Array(size).fill(i & 0xff));
        await new Promise((resolve) => channel.send(sdu, resolve));
        tell("sent", i);
      }
    },
    /** What has come so far. */
    received: () => ({ octets: received, sha256: hash.copy().digest("hex") }),
    closeChannel: () => channel.disconnect(),
  };
}
