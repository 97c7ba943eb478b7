/** Bits of the FeatureSet that virtual controllers know. Vol 6, Part B, 4.6. */
export const LeFeature = {
  Encryption: 0,
  ConnectionParametersRequest: 1,
  ExtendedRejectIndication: 2,
  PeripheralInitiatedFeaturesExchange: 3,
  Ping: 4,
  DataPacketLengthExtension: 5,
  LlPrivacy: 6,
  ExtendedScannerFilterPolicies: 7,
  Le2M: 8,
  LeCoded: 11,
  ExtendedAdvertising: 12,
  PeriodicAdvertising: 13,
  ChannelSelectionAlgorithm2: 14,
  PeriodicAdvertisingSyncTransferSender: 24,
  PeriodicAdvertisingSyncTransferRecipient: 25,
  SleepClockAccuracyUpdates: 26,
  RemotePublicKeyValidation: 27,
  ConnectedIsochronousStreamCentral: 28,
  ConnectedIsochronousStreamPeripheral: 29,
  ConnectedIsochronousStreamHostSupport: 32,
  PowerControlRequest: 33,
  PowerChangeIndication: 34,
  PathLossMonitoring: 35,
  PeriodicAdvertisingAdi: 36,
  ConnectionSubrating: 37,
  ConnectionSubratingHostSupport: 38,
  AdvertisingCodingSelection: 40,
  AdvertisingCodingSelectionHostSupport: 41,
} as const;
export type LeFeature = (typeof LeFeature)[keyof typeof LeFeature];

/** The eight octets with these bits set. The caller *owns* them. */
export function featureSet(...bits: readonly LeFeature[]): Uint8Array {
  const octets = new Uint8Array(8);
  for (const bit of bits) setFeature(octets, bit, true);
  return octets;
}

/** Whether a bit is set. */
export function hasFeature(features: Uint8Array, bit: LeFeature): boolean {
  return (((features[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1;
}

/** Sets or clears a bit. */
export function setFeature(features: Uint8Array, bit: LeFeature, value: boolean): void {
  const others = (features[bit >> 3] ?? 0) & ~(1 << (bit & 7));
  features[bit >> 3] = others | (Number(value) << (bit & 7));
}
