import { ReadTransmitPowerLevel, WriteAuthenticatedPayloadTimeout } from "./commands/controller-baseband.ts";
import type { ReadLocalVersionInformationReturns } from "./commands/informational.ts";
import { LeReadTransmitPower } from "./commands/le-controller.ts";
import { LeExtendedCreateConnection } from "./commands/le-extended-connection.ts";
import { LeSetExtendedScanEnable, LeSetExtendedScanParameters } from "./commands/le-extended-scanning.ts";
import { LeSetResolvablePrivateAddressTimeout } from "./commands/le-resolving-list.ts";
import type { ControllerLacks } from "./controller-capabilities.ts";

// What goes wrong on controllers of every make needs no entry, since the host does as if all of them did so:
// - Number Of Completed Packets comes for a link that is gone, or for more packets than it had
//   (https://github.com/zephyrproject-rtos/zephyr/issues/84984, https://github.com/zephyrproject-rtos/zephyr/issues/36928):
//   what is gone is not counted twice. acl-queue.ts
// - A command that is said to be supported is refused, or answered with too few octets: what is optional is done
//   without. start-up.ts
// Commands that this host never sends have no entry either, whatever a controller does with them.
//
// RTL8761B has no entry for extended scanning, although Linux had one for a time: some dongles with that chip refuse it
// while there are links (https://github.com/bluez/bluetooth-next/pull/133), others, with the same version information,
// do it well and fall silent at the legacy commands (https://github.com/bluez/bluetooth-next/pull/637 and 641).

/** What a controller is known to do otherwise than the specification has it. */
export interface Quirk {
  /** Short, and always the same. */
  readonly name: string;
  /** What it does, and what the host does about it. */
  readonly summary: string;
  /** Where others tell of it: public pages. */
  readonly evidence: readonly string[];
}

/** What is known of controllers by their versions. Vol 4, Part E, 7.4.1. */
export type ControllerVersion = ReadLocalVersionInformationReturns;

/** A {@link Quirk}, of whom it is told, and what is not to be believed of its masks. */
export interface KnownQuirk extends Quirk {
  readonly matches: (version: ControllerVersion) => boolean;
  readonly lacks: ControllerLacks;
}

/** Assigned Numbers, 7.1. */
const Company = { Intel: 0x0002, CambridgeSiliconRadio: 0x000a, Realtek: 0x005d, Actions: 0x03e0 } as const;

/** Assigned Numbers, 2.1. */
const Version = { V1_1: 1, V1_2: 2, V2_0: 3, V2_1: 4, V4_0: 6, V5_0: 9, V5_1: 10, V5_3: 12 } as const;

/** The last LMP subversion that Cambridge Silicon Radio has given to chips of a version. */
const lastOfCsr: readonly (readonly [hciVersion: number, lmpSubversion: number])[] = [
  [Version.V1_1, 0x034e],
  [Version.V1_2, 0x0529],
  [Version.V2_0, 0x0c5c],
  [Version.V2_1, 0x1899],
  [Version.V4_0, 0x22bb],
];

/** The LMP subversions of Realtek's chips before a firmware is loaded; afterwards it is that of the firmware. */
const realtekRoms: ReadonlySet<number> = new Set([0x8703, 0x8723, 0x8761, 0x8821, 0x8822, 0x8851, 0x8852]);

const btusb = "https://github.com/torvalds/linux/blob/master/drivers/bluetooth/btusb.c";

/** The controllers that are known to do otherwise than they say. */
export const knownQuirks: readonly KnownQuirk[] = [
  {
    name: "csr-clone",
    summary:
      "calls itself a chip of Cambridge Silicon Radio, which none of that subversion can be; claims commands that it " +
      "does not know, and answers some with too few octets: those are not sent, and what it refuses is done without",
    evidence: [
      `${btusb} (btusb_setup_csr)`,
      "https://bugzilla.kernel.org/show_bug.cgi?id=60824",
      "https://github.com/home-assistant/home-assistant.io/pull/25876",
    ],
    matches: ({ companyIdentifier, hciVersion, lmpSubversion }) =>
      companyIdentifier === Company.CambridgeSiliconRadio &&
      lastOfCsr.some(([version, last]) => lmpSubversion <= last && hciVersion > version),
    lacks: { commands: [ReadTransmitPowerLevel] },
  },
  {
    name: "actions-ats2851",
    summary:
      "claims extended scanning, LE Extended Create Connection, LE Set Resolvable Private Address Timeout and others, " +
      "and answers Unknown HCI Command: the legacy commands are used, and the host resolves addresses by itself",
    evidence: [
      `${btusb} (BTUSB_ACTIONS_SEMI)`,
      "https://git.kernel.org/torvalds/c/91b6d02ddcd113352bdd895990b252065c596de7",
      "https://git.kernel.org/torvalds/c/94464a7b71634037b13d54021e0dfd0fb0d8c1f0",
    ],
    matches: ({ companyIdentifier }) => companyIdentifier === Company.Actions,
    lacks: {
      // Extended and legacy commands do not mix: without those for scanning there are none for advertising either.
      features: ["ExtendedAdvertising", "PeriodicAdvertising"],
      commands: [
        LeSetExtendedScanParameters,
        LeSetExtendedScanEnable,
        LeExtendedCreateConnection,
        LeSetResolvablePrivateAddressTimeout,
        LeReadTransmitPower,
        WriteAuthenticatedPayloadTimeout,
      ],
    },
  },
  {
    name: "intel-le-coded",
    summary:
      "claims the LE Coded PHY, and hears and connects badly once it is used: the host does as if there were none",
    evidence: [
      "https://github.com/torvalds/linux/blob/master/drivers/bluetooth/btintel.c (HCI_QUIRK_BROKEN_LE_CODED)",
      "https://github.com/bluez/bluez/issues/577",
      "https://github.com/bluez/bluez/issues/582",
    ],
    matches: ({ companyIdentifier, hciVersion }) =>
      companyIdentifier === Company.Intel && hciVersion >= Version.V5_0 && hciVersion <= Version.V5_3,
    lacks: { features: ["PhyCoded"] },
  },
  {
    name: "realtek-without-firmware",
    summary:
      "runs what is in its ROM, which is less than it claims: have the operating system load the firmware (rtl_bt) first",
    evidence: [
      "https://github.com/torvalds/linux/blob/master/drivers/bluetooth/btrtl.c (RTL_ROM_LMP_8761A and the others)",
      "https://github.com/bluez/bluetooth-next/pull/641",
    ],
    matches: ({ companyIdentifier, lmpSubversion }) =>
      companyIdentifier === Company.Realtek && realtekRoms.has(lmpSubversion),
    lacks: {},
  },
];

/** What is known of a controller with these versions. */
export function quirksOf(version: ControllerVersion): readonly KnownQuirk[] {
  return knownQuirks.filter(({ matches }) => matches(version));
}
