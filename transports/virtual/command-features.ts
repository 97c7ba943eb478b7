import { hasFeature, LeFeature } from "./le-feature.ts";

/** Commands in a row: the first opcode, how many there are, and the features of which they need one. */
type Row = readonly [first: number, count: number, ...features: readonly LeFeature[]];

/** The commands that are there if a feature is. Vol 4, Part E, 3.1. */
const rows: readonly Row[] = [
  [0x0c7b, 2, LeFeature.Ping], // Read and Write Authenticated Payload Timeout
  [0x2019, 3, LeFeature.Encryption], // LE Enable Encryption … LE Long Term Key Request Negative Reply
  [0x2020, 2, LeFeature.ConnectionParametersRequest], // LE Remote Connection Parameter Request Reply …
  [0x2022, 3, LeFeature.DataPacketLengthExtension], // LE Set Data Length … LE Write Suggested Default Data Length
  [0x2027, 8, LeFeature.LlPrivacy], // LE Add Device To Resolving List … Private Address Timeout
  [0x202f, 1, LeFeature.DataPacketLengthExtension], // LE Read Maximum Data Length
  [0x2030, 3, LeFeature.Le2M, LeFeature.LeCoded], // LE Read PHY … LE Set PHY
  [0x2035, 9, LeFeature.ExtendedAdvertising], // LE Set Advertising Set Random Address … LE Clear Advertising Sets
  [0x203e, 3, LeFeature.PeriodicAdvertising], // LE Set Periodic Advertising Parameters … Enable
  [0x2041, 3, LeFeature.ExtendedAdvertising], // LE Set Extended Scan Parameters … LE Extended Create Connection
  [0x2044, 7, LeFeature.PeriodicAdvertising], // LE Periodic Advertising Create Sync … LE Read List Size
  [0x204e, 1, LeFeature.LlPrivacy], // LE Set Privacy Mode
  [0x2059, 1, LeFeature.PeriodicAdvertising], // LE Set Periodic Advertising Receive Enable
  [0x205a, 2, LeFeature.PeriodicAdvertisingSyncTransferSender], // LE Periodic Advertising Sync Transfer …
  [0x205c, 2, LeFeature.PeriodicAdvertisingSyncTransferRecipient], // LE Set … Sync Transfer Parameters
  [0x205e, 1, LeFeature.RemotePublicKeyValidation], // LE Generate DHKey [v2]
  [0x205f, 1, LeFeature.SleepClockAccuracyUpdates], // LE Modify Sleep Clock Accuracy
  [0x206d, 1, LeFeature.SleepClockAccuracyUpdates], // LE Request Peer SCA
  [0x2076, 2, LeFeature.PowerControlRequest], // LE Enhanced Read … and Read Remote Transmit Power Level
  [0x2078, 2, LeFeature.PathLossMonitoring], // LE Set Path Loss Reporting Parameters and Enable
  [0x207a, 1, LeFeature.PowerControlRequest], // LE Set Transmit Power Reporting Enable
  [0x207c, 1, LeFeature.ExtendedAdvertising], // LE Set Data Related Address Changes
  [0x207d, 2, LeFeature.ConnectionSubrating], // LE Set Default Subrate, LE Subrate Request
  [0x207f, 1, LeFeature.ExtendedAdvertising], // LE Set Extended Advertising Parameters [v2]
  [0x2085, 1, LeFeature.ExtendedAdvertising], // LE Extended Create Connection [v2]
];

/** Whether a controller with these features can know the command. */
export function featuresAllow(leFeatures: Uint8Array, opcode: number): boolean {
  return rows.every(([first, count, ...features]) => {
    if (opcode < first || opcode >= first + count) return true;
    return features.some((feature) => hasFeature(leFeatures, feature));
  });
}
