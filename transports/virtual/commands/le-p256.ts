import {
  LeGenerateDhKey,
  LeGenerateDhKeyV2,
  LeReadLocalP256PublicKey,
} from "../../../src/hci/commands/le-controller.ts";
import {
  LeGenerateDhKeyComplete,
  LeReadLocalP256PublicKeyComplete,
} from "../../../src/hci/events/le-security.ts";
import { Status } from "../../../src/hci/status.ts";
import type { Chip } from "../chip.ts";
import { type CommandHandler, defers } from "../command-handler.ts";
import { debugKeyPair, generateKeyPair, type KeyPair, type PublicKey } from "../p256.ts";

/** Key_Type. Vol 4, Part E, 7.8.37. */
const KeyType = { Generated: 0, Debug: 1 } as const;

/** What stands for a key that there is none of. Vol 4, Part E, 7.7.65.9. */
const noKey = new Uint8Array(32).fill(0xff);

/** P-256 keys for LE Secure Connections. Vol 4, Part E, 7.8.36 and 7.8.37. */
export const leP256: readonly CommandHandler[] = [
  defers(LeReadLocalP256PublicKey, () => Status.Success, {
    then(chip) {
      chip.keyPair = generateKeyPair(chip.medium.random);
      chip.hci.event(LeReadLocalP256PublicKeyComplete, { status: Status.Success, ...chip.keyPair.publicKey });
    },
  }),
  defers(LeGenerateDhKey, hasKeyPair, {
    then(chip, publicKey) {
      if (chip.keyPair) generate(chip, chip.keyPair, publicKey);
    },
  }),
  defers(
    LeGenerateDhKeyV2,
    (chip, { keyType }) => {
      if (keyType > KeyType.Debug) return Status.InvalidHciCommandParameters;
      return keyType === KeyType.Debug ? Status.Success : hasKeyPair(chip);
    },
    {
      then(chip, parameters) {
        const keyPair = parameters.keyType === KeyType.Debug ? debugKeyPair : chip.keyPair;
        if (keyPair) generate(chip, keyPair, parameters);
      },
    },
  ),
];

/** There is no private key until the host has asked for the public one. */
function hasKeyPair({ keyPair }: Chip): Status {
  return keyPair ? Status.Success : Status.CommandDisallowed;
}

function generate({ hci }: Chip, keyPair: KeyPair, publicKey: PublicKey): void {
  const dhKey = keyPair.diffieHellman(publicKey);
  const status = dhKey ? Status.Success : Status.InvalidHciCommandParameters;
  hci.event(LeGenerateDhKeyComplete, { status, dhKey: dhKey ?? noKey });
}
