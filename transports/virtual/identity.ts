import { featureSet, LeFeature } from "./le-feature.ts";

/** Core 5.4, as Assigned Numbers 2.1 has it. */
export const core54 = 0x0d;

/** What a virtual controller says about its make, to its host and to peers. Vol 4, Part E, 7.4.1. */
export const version: {
  readonly companyIdentifier: number;
  readonly subversion: number;
} = {
  // Reserved for what never leaves the house.
  companyIdentifier: 0xffff,
  subversion: 0,
};

/** BR/EDR Not Supported and LE Supported. Vol 2, Part C, 3.3. */
export const lmpFeatures: Uint8Array = Uint8Array.of(0, 0, 0, 0, 0x60, 0, 0, 0);

/** Everything that virtual controllers can do; the host sets the bits that are its own. Vol 6, Part B, 4.6. */
export const leFeatures: Uint8Array = featureSet(
  LeFeature.Encryption,
  LeFeature.ConnectionParametersRequest,
  LeFeature.ExtendedRejectIndication,
  LeFeature.PeripheralInitiatedFeaturesExchange,
  LeFeature.Ping,
  LeFeature.DataPacketLengthExtension,
  LeFeature.Le2M,
  LeFeature.LeCoded,
  LeFeature.SleepClockAccuracyUpdates,
  LeFeature.RemotePublicKeyValidation,
  LeFeature.PowerControlRequest,
  LeFeature.PowerChangeIndication,
  LeFeature.PathLossMonitoring,
  LeFeature.ConnectionSubrating,
  LeFeature.LlPrivacy,
  LeFeature.ExtendedScannerFilterPolicies,
  LeFeature.ExtendedAdvertising,
  LeFeature.PeriodicAdvertising,
  LeFeature.ChannelSelectionAlgorithm2,
  LeFeature.PeriodicAdvertisingSyncTransferSender,
  LeFeature.PeriodicAdvertisingSyncTransferRecipient,
  LeFeature.PeriodicAdvertisingAdi,
);

/** Every combination of legacy advertising, scanning, initiating and connections. Vol 4, Part E, 7.8.27. */
export const leStates: Uint8Array = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0x03, 0, 0);

/** With how little and how much power a controller can transmit, in dBm. */
export const txPowerRange = { least: -40, greatest: 20 } as const;
