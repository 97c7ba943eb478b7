import { VirtualClock } from "../../src/common/clock.ts";
import { SetEventMask } from "../../src/hci/commands/controller-baseband.ts";
import { LeSetEventMask } from "../../src/hci/commands/le-controller.ts";
import { LeSetAdvertisingEnable, LeSetAdvertisingParameters } from "../../src/hci/commands/le-advertising.ts";
import {
  LeCreateConnection,
  type LeCreateConnectionParameters,
} from "../../src/hci/commands/le-connection.ts";
import type { LeSetAdvertisingParametersParameters } from "../../src/hci/commands/le-advertising.ts";
import { LeChannelSelectionAlgorithm, LeConnectionComplete } from "../../src/hci/events/le-connection.ts";
import {
  VirtualAir,
  type VirtualAirOptions,
  type VirtualController,
  type VirtualControllerOptions,
} from "../../transports/virtual/index.ts";
import { RawHost } from "./raw-host.ts";

/** Advertising parameters that are in order. */
export const advertising: LeSetAdvertisingParametersParameters = {
  advertisingIntervalMin: 0x00a0,
  advertisingIntervalMax: 0x00a0,
  advertisingType: 0,
  ownAddressType: 0,
  peerAddressType: 0,
  peerAddress: 0,
  advertisingChannelMap: 7,
  advertisingFilterPolicy: 0,
};

/** A connection to ask for, but for the peer. */
export const connection: LeCreateConnectionParameters = {
  scanInterval: 0x0010,
  scanWindow: 0x0010,
  initiatorFilterPolicy: 0,
  peerAddressType: 0,
  peerAddress: 0,
  ownAddressType: 0,
  connectionIntervalMin: 0x0010,
  connectionIntervalMax: 0x0018,
  maxLatency: 0,
  supervisionTimeout: 0x0048,
  minCeLength: 0,
  maxCeLength: 0,
};

/** Every event that there is, but for LE Enhanced Connection Complete, which would replace the plain one. */
const everything = 0xffff_ffff_ffff_ffffn;
const notEnhanced = everything & ~(1n << 9n);

/** One controller with its host. */
export interface RawStation {
  readonly controller: VirtualController;
  readonly host: RawHost;
  readonly address: number;
}

/** Two controllers on an air, each with a host that has unmasked everything. */
export class RawPair {
  readonly clock: VirtualClock = new VirtualClock();
  readonly air: VirtualAir;
  readonly a: RawStation;
  readonly b: RawStation;

  constructor(
    a: VirtualControllerOptions = {},
    b: VirtualControllerOptions = a,
    air: VirtualAirOptions = {},
  ) {
    this.air = new VirtualAir({ clock: this.clock, ...air });
    this.a = this.station(a);
    this.b = this.station(b);
  }

  /** One more controller with a host. */
  station(options: VirtualControllerOptions = {}): RawStation {
    const controller = this.air.controller(options);
    const host = new RawHost(controller.transport(), this.clock);
    host.ask(SetEventMask, { eventMask: everything });
    host.ask(LeSetEventMask, { eventMask: notEnhanced });
    return { controller, host, address: controller.address.value };
  }

  /** `a` becomes central of a connection with `b`; returns the handle of each. */
  connect(
    a: RawStation = this.a,
    b: RawStation = this.b,
    changes: Partial<LeCreateConnectionParameters> = {},
  ): { readonly a: number; readonly b: number } {
    b.host.ask(LeSetAdvertisingParameters, advertising);
    b.host.ask(LeSetAdvertisingEnable, { advertisingEnable: true });
    a.host.ask(LeCreateConnection, { ...connection, ...changes, peerAddress: b.address });
    const isConnected = ({ host }: RawStation): boolean =>
      host.events.some((event) => event[1] === 0x3e && event[3] === LeConnectionComplete.subevent);
    // Where packets take time, advertising does too.
    for (let i = 0; i < 10_000 && !(isConnected(a) && isConnected(b)); i++) this.clock.advanceSync(1);
    for (const { host } of [a, b]) host.take(LeChannelSelectionAlgorithm);
    return {
      a: a.host.takeOne(LeConnectionComplete).connectionHandle,
      b: b.host.takeOne(LeConnectionComplete).connectionHandle,
    };
  }
}
