import type { LocalOobData, PairingContext, PairingSettings } from "../smp/pairing-user.ts";
import type { OobData } from "../smp/oob-data.ts";
import { IoCapability } from "../smp/pdu.ts";
import { type AgentCapability, passkeyNumber } from "./agent.ts";
import { leastKeySize, type PairingOptions } from "./pairing-options.ts";

/** What decides the {@link PairingSettings} of one pairing. */
export interface SettingsParts {
  /** Those of the host, and over them those of the call. */
  readonly options: PairingOptions;
  readonly context: PairingContext;
  /** Of the agent that will be asked; `undefined` without one. */
  readonly capability: AgentCapability | undefined;
  /** Whether that agent makes the passkeys that are shown. */
  readonly choosesPasskey: boolean;
  /** Whether a bond could be kept. */
  readonly canBond: boolean;
  readonly peerOob: OobData | undefined;
  readonly localOob: LocalOobData | undefined;
}

const everyKey = { encryption: true, identity: true, signing: true };

/** The options that decide nothing but themselves. */
const defaults = {
  bond: true,
  secureConnections: "preferred",
  keypress: true,
  maxKeySize: 16,
  allowDebugKey: false,
  repairing: "ask",
} as const;

/** What this side brings to a pairing. Vol 3, Part H, 2.3. */
export function pairingSettings(parts: SettingsParts): PairingSettings {
  const { capability, canBond, peerOob, localOob } = parts;
  const { bond, mitm, passkey, minKeySize, ...rest } = { ...defaults, ...parts.options };
  const asked = parts.choosesPasskey ? "asked" : undefined;
  // Someone with a sticker to read is as good as a display.
  const capable = capability ?? (passkey === undefined ? "NoInputNoOutput" : "DisplayOnly");
  return {
    ioCapability: IoCapability[capable],
    bonding: bond && canBond,
    mitm: mitmOf(mitm),
    secureConnections: rest.secureConnections,
    keypress: rest.keypress,
    minKeySize: minKeySize ?? leastKeySize(rest),
    maxKeySize: rest.maxKeySize,
    distribute: everyKey,
    accept: everyKey,
    peerOob: peerOob && peerOobOf(peerOob),
    localOob,
    passkey: passkey === undefined ? asked : passkeyNumber(passkey),
    allowDebugKey: rest.allowDebugKey,
    repairing: rest.repairing,
    authorizeJustWorks: capability !== undefined,
  };
}

function peerOobOf({ temporaryKey, confirm, random }: OobData): PairingSettings["peerOob"] {
  return { temporaryKey, secureConnections: confirm && random ? { confirm, random } : undefined };
}

function mitmOf(mitm: boolean | undefined): PairingSettings["mitm"] {
  if (mitm === undefined) return "preferred";
  return mitm ? "required" : "no";
}
