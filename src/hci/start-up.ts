import { type Operation, type Procedure, wait } from "../common/procedure.ts";
import type { Command } from "./command.ts";
import { ControllerCapabilities } from "./controller-capabilities.ts";
import { Reset, SetEventMask, WriteLeHostSupport } from "./commands/controller-baseband.ts";
import {
  ReadBdAddr,
  ReadBufferSize,
  ReadLocalSupportedCommands,
  ReadLocalSupportedFeatures,
  ReadLocalVersionInformation,
} from "./commands/informational.ts";
import { LeWriteSuggestedDefaultDataLength } from "./commands/le-connection.ts";
import {
  LeReadBufferSize,
  LeReadLocalSupportedFeatures,
  LeSetEventMask,
  LeSetRandomAddress,
} from "./commands/le-controller.ts";
import type { AclBuffers } from "./acl-queue.ts";
import type { Event } from "./event.ts";
import type { Hci } from "./hci.ts";

/** What the host knows of its controller after start-up. */
export interface ControllerInfo {
  readonly capabilities: ControllerCapabilities;
  /** As Assigned Numbers 2.1 has it: 0x0d is 5.4. */
  readonly hciVersion: number;
  readonly hciSubversion: number;
  readonly companyIdentifier: number;
  /** 48 bits; 0 where the controller was never given a public address. */
  readonly publicAddress: number;
  /** The static address the host gave it, 48 bits. */
  readonly randomAddress: number;
  readonly aclBuffers: AclBuffers;
}

/** What start-up needs to be told. */
export interface StartUpOptions {
  /** The events whose handlers are in place; no others are asked for. */
  readonly events: readonly Event<unknown>[];
  /** The random static address to use, 48 bits. */
  readonly randomAddress: number;
}

/** The largest LE data channel PDU, in octets and in µs on the 1M PHY. Vol 6, Part B, 4.5.10. */
const mostTxOctets = 251;
const mostTxTime = 2120;

/**
 * Brings a controller from whatever state it is in to one the host knows: Reset, what it is, what it can do, how much
 * it holds, which events are wanted. Vol 6, Part D, 2 shows the same sequence.
 */
export function* startUp(hci: Hci, options: StartUpOptions): Procedure<ControllerInfo> {
  const ask = <P, R>(command: Command<P, R>, parameters: P): Procedure<R> =>
    wait(sending(hci, command, parameters));

  yield* ask(Reset, {});
  const version = yield* ask(ReadLocalVersionInformation, {});
  // Copies: what a command returns is borrowed until its turn ends.
  const supportedCommands = (yield* ask(ReadLocalSupportedCommands, {})).supportedCommands.slice();
  const lmpFeatures = (yield* ask(ReadLocalSupportedFeatures, {})).lmpFeatures.slice();
  const leFeatures = (yield* ask(LeReadLocalSupportedFeatures, {})).features.slice();
  const capabilities = new ControllerCapabilities(supportedCommands, lmpFeatures, leFeatures);

  yield* ask(SetEventMask, { eventMask: eventMask(options.events) });
  // A controller that also speaks BR/EDR takes LE for disabled until told otherwise. Vol 4, Part E, 7.3.79.
  if (capabilities.supportsBrEdr && capabilities.supports(WriteLeHostSupport)) {
    yield* ask(WriteLeHostSupport, { supportedHost: true, simultaneousHost: 0 });
  }
  yield* ask(LeSetEventMask, { eventMask: leEventMask(options.events) });

  const aclBuffers = yield* readAclBuffers(hci);
  const { bdAddr } = yield* ask(ReadBdAddr, {});
  yield* ask(LeSetRandomAddress, { randomAddress: options.randomAddress });
  if (capabilities.supportsDataLengthExtension && capabilities.supports(LeWriteSuggestedDefaultDataLength)) {
    yield* ask(LeWriteSuggestedDefaultDataLength, {
      suggestedMaxTxOctets: mostTxOctets,
      suggestedMaxTxTime: mostTxTime,
    });
  }

  return {
    capabilities,
    hciVersion: version.hciVersion,
    hciSubversion: version.hciSubversion,
    companyIdentifier: version.companyIdentifier,
    publicAddress: bdAddr,
    randomAddress: options.randomAddress,
    aclBuffers,
  };
}

/** A command as an operation that a {@link Procedure} can wait for. */
export function sending<P, R>(hci: Hci, command: Command<P, R>, parameters: P): Operation<R> {
  return (done) => {
    hci.send(command, parameters, done);
  };
}

/** A controller with one pool for both says 0 for LE, and the sizes of BR/EDR hold. Vol 4, Part E, 7.8.2. */
function* readAclBuffers(hci: Hci): Procedure<AclBuffers> {
  const le = yield* wait(sending(hci, LeReadBufferSize, {}));
  if (le.aclDataPacketLength > 0 && le.totalNumAclDataPackets > 0) {
    return { packetOctets: le.aclDataPacketLength, packets: le.totalNumAclDataPackets };
  }
  const shared = yield* wait(sending(hci, ReadBufferSize, {}));
  return { packetOctets: shared.aclDataPacketLength, packets: shared.totalNumAclDataPackets };
}

/** Bit n - 1 is the event with code n; LE Meta is one of them. Vol 4, Part E, 7.3.1. */
function eventMask(events: readonly Event<unknown>[]): bigint {
  return maskOf(events.map(({ code }) => code));
}

/** Bit n - 1 is the subevent with code n. Vol 4, Part E, 7.8.1. */
function leEventMask(events: readonly Event<unknown>[]): bigint {
  return maskOf(events.flatMap(({ subevent }) => subevent ?? []));
}

function maskOf(codes: readonly number[]): bigint {
  return codes.reduce((mask, code) => mask | (1n << BigInt(code - 1)), 0n);
}
