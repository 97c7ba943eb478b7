import {
  LeSetExtendedAdvertisingData,
  LeSetExtendedAdvertisingEnable,
  LeSetExtendedAdvertisingParameters,
  type LeSetExtendedAdvertisingParametersParameters,
  LeSetExtendedScanResponseData,
} from "../../src/hci/commands/le-extended-advertising.ts";
import type {
  InitiatingParameters,
  LeExtendedCreateConnectionParameters,
} from "../../src/hci/commands/le-extended-connection.ts";
import {
  LeSetExtendedScanEnable,
  type LeSetExtendedScanEnableParameters,
  LeSetExtendedScanParameters,
  type LeSetExtendedScanParametersParameters,
} from "../../src/hci/commands/le-extended-scanning.ts";
import type { OnPhy } from "../../src/hci/commands/per-phy.ts";
import {
  type ExtendedAdvertisingReport,
  LeExtendedAdvertisingReport,
} from "../../src/hci/events/le-advertising.ts";
import type { RawHost } from "./raw-host.ts";

/** Parameters of an extended advertising set that are in order: not connectable, not scannable. */
export const extended: LeSetExtendedAdvertisingParametersParameters = {
  advertisingHandle: 1,
  advertisingEventProperties: 0,
  primaryAdvertisingIntervalMin: 0x00a0,
  primaryAdvertisingIntervalMax: 0x00a0,
  primaryAdvertisingChannelMap: 7,
  ownAddressType: 0,
  peerAddressType: 0,
  peerAddress: 0,
  advertisingFilterPolicy: 0,
  advertisingTxPower: 127,
  primaryAdvertisingPhy: 1,
  secondaryAdvertisingMaxSkip: 0,
  secondaryAdvertisingPhy: 1,
  advertisingSid: 5,
  scanRequestNotificationEnable: false,
};

/** Passive scanning on LE 1M, always. */
export const extendedScan: LeSetExtendedScanParametersParameters = {
  ownAddressType: 0,
  scanningFilterPolicy: 0,
  scanningPhys: [{ phy: 1, scanType: 0, scanInterval: 0x10, scanWindow: 0x10 }],
};

/** The same, active. */
export const activeScan: LeSetExtendedScanParametersParameters = {
  ...extendedScan,
  scanningPhys: [{ phy: 1, scanType: 1, scanInterval: 0x10, scanWindow: 0x10 }],
};

/** What one PHY is to be initiated with. */
export const initiating: OnPhy<InitiatingParameters> = {
  phy: 1,
  scanInterval: 0x10,
  scanWindow: 0x10,
  connectionIntervalMin: 0x10,
  connectionIntervalMax: 0x18,
  maxLatency: 0,
  supervisionTimeout: 0x48,
  minCeLength: 0,
  maxCeLength: 0,
};

/** An extended connection to ask for, but for the peer. */
export const extendedConnection: LeExtendedCreateConnectionParameters = {
  initiatorFilterPolicy: 0,
  ownAddressType: 0,
  peerAddressType: 0,
  peerAddress: 0,
  initiatingPhys: [initiating],
};

/** Makes a set with its data, without enabling it. */
export function makeSet(
  host: RawHost,
  changes: Partial<LeSetExtendedAdvertisingParametersParameters> = {},
  data: { readonly advertising?: Uint8Array; readonly response?: Uint8Array } = {},
): void {
  const parameters = { ...extended, ...changes };
  const { advertisingHandle } = parameters;
  host.ask(LeSetExtendedAdvertisingParameters, parameters);
  if (data.advertising) setData(host, advertisingHandle, data.advertising);
  if (!data.response) return;
  for (const { operation, piece } of piecesOf(data.response, 251)) {
    host.ask(LeSetExtendedScanResponseData, {
      advertisingHandle,
      operation,
      fragmentPreference: 0,
      scanResponseData: piece,
    });
  }
}

/** Data as commands take it: 3 all of it, or 1 the first, 0 a fragment between, 2 the last. */
function piecesOf(
  data: Uint8Array,
  size: number,
): { readonly operation: number; readonly piece: Uint8Array }[] {
  const count = Math.max(1, Math.ceil(data.length / size));
  return Array.from({ length: count }, (_, i) => ({
    operation: count === 1 ? 3 : i === 0 ? 1 : i === count - 1 ? 2 : 0,
    piece: data.slice(i * size, (i + 1) * size),
  }));
}

/** Sets advertising data of any length, in as many pieces as it takes. */
export function setData(host: RawHost, advertisingHandle: number, data: Uint8Array, size = 251): void {
  for (const { operation, piece } of piecesOf(data, size)) {
    host.ask(LeSetExtendedAdvertisingData, {
      advertisingHandle,
      operation,
      fragmentPreference: 0,
      advertisingData: piece,
    });
  }
}

/** Enables one set. */
export function enableSet(
  host: RawHost,
  advertisingHandle = 1,
  {
    duration = 0,
    maxExtendedAdvertisingEvents = 0,
  }: { readonly duration?: number; readonly maxExtendedAdvertisingEvents?: number } = {},
): void {
  host.ask(LeSetExtendedAdvertisingEnable, {
    enable: true,
    sets: [{ advertisingHandle, duration, maxExtendedAdvertisingEvents }],
  });
}

/** Disables one set, or all. */
export function disableSets(host: RawHost, ...handles: readonly number[]): void {
  host.ask(LeSetExtendedAdvertisingEnable, {
    enable: false,
    sets: handles.map((advertisingHandle) => ({
      advertisingHandle,
      duration: 0,
      maxExtendedAdvertisingEvents: 0,
    })),
  });
}

/** Scans with the extended commands. */
export function scanExtended(
  host: RawHost,
  parameters: LeSetExtendedScanParametersParameters = extendedScan,
  changes: Partial<LeSetExtendedScanEnableParameters> = {},
): void {
  host.ask(LeSetExtendedScanParameters, parameters);
  host.ask(LeSetExtendedScanEnable, {
    enable: true,
    filterDuplicates: 0,
    duration: 0,
    period: 0,
    ...changes,
  });
}

/** Every extended report so far. */
export function takeReports(host: RawHost): ExtendedAdvertisingReport[] {
  return host.take(LeExtendedAdvertisingReport).flatMap(({ reports }) => reports);
}
