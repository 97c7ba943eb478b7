import { noOctets } from "../common/bytes.ts";
import { MalformedPduError } from "../common/errors.ts";
import { type Operation, type Procedure, wait } from "../common/procedure.ts";
import type { AclBuffers } from "./acl-queue.ts";
import type { Command } from "./command.ts";
import {
  Reset,
  SetEventMask,
  SetEventMaskPage2,
  WriteLeHostSupport,
} from "./commands/controller-baseband.ts";
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
  type LeReadBufferSizeReturns,
  LeReadBufferSizeV2,
  LeReadLocalSupportedFeatures,
  LeReadSupportedStates,
  LeSetEventMask,
  LeSetHostFeature,
  LeSetRandomAddress,
} from "./commands/le-controller.ts";
import {
  LeReadMaximumAdvertisingDataLength,
  LeReadNumberOfSupportedAdvertisingSets,
} from "./commands/le-extended-advertising.ts";
import { LeReadFilterAcceptListSize } from "./commands/le-filter-accept-list.ts";
import { LeSetDefaultSubrate, type SubrateParameters } from "./commands/le-subrating.ts";
import { LeReadResolvingListSize } from "./commands/le-resolving-list.ts";
import { ControllerCapabilities } from "./controller-capabilities.ts";
import { HciError } from "./error.ts";
import type { Event } from "./event.ts";
import { type KnownQuirk, type Quirk, quirksOf } from "./quirks.ts";
import { eventMask, eventMaskPage2, leEventMask } from "./event-mask.ts";
import { type Hci, hciEvents } from "./hci.ts";
import { Status } from "./status.ts";

/** What the host knows of its controller after start-up. */
export interface ControllerInfo {
  readonly capabilities: ControllerCapabilities;
  /** As Assigned Numbers 2.1 has it: 0x0d is 5.4. */
  readonly hciVersion: number;
  readonly hciSubversion: number;
  readonly companyIdentifier: number;
  /** Chosen by the manufacturer, for the Link Manager and the Link Layer. */
  readonly lmpSubversion: number;
  /** What it is known to do otherwise than the specification has it, and what the host does about that. */
  readonly quirks: readonly Quirk[];
  /** 48 bits; 0 where the controller was never given a public address. */
  readonly publicAddress: number;
  /** The static address the host gave it, 48 bits. */
  readonly randomAddress: number;
  readonly aclBuffers: AclBuffers;
  /** How many devices its Filter Accept List holds. */
  readonly filterAcceptListSize: number;
  /** How many peers' private addresses it resolves by itself; 0 where it does not. */
  readonly resolvingListSize: number;
  /** How many advertising sets it can have at once; 1 where there is only legacy advertising. */
  readonly advertisingSets: number;
  /** How many octets one of them can advertise; 31 where there is only legacy advertising. */
  readonly advertisingDataOctets: number;
}

/** What start-up needs to be told. */
export interface StartUpOptions {
  /** The events whose handlers are in place; no others are asked for. */
  readonly events: readonly Event<unknown>[];
  /** The random static address to use, 48 bits. */
  readonly randomAddress: number;
  /** What peripherals get that ask for subrating, where the controller knows of it; `undefined`: none. */
  readonly subrating?: SubrateParameters | undefined;
}

/** The largest LE data channel PDU, in octets and in µs on the 1M PHY. Vol 6, Part B, 4.5.10. */
const mostTxOctets = 251;
const mostTxTime = 2120;

/** Connection Subrating (Host Support). Vol 6, Part B, 4.6. */
const subratingHostSupport = 38;

/** The least that an ACL Data packet of an LE controller carries, in octets. Vol 4, Part E, 7.8.2. */
const leastPacketOctets = 27;

/**
 * Brings a controller from whatever state it is in to one the host knows: Reset, what it is, what it can do, how much
 * it holds, which events are wanted. Vol 6, Part D, 2 shows the same sequence.
 *
 * Fails with {@link HciError} where the controller refuses what no host can do without; what it merely does not know
 * (Unknown HCI Command), and what is optional and it refuses or does not answer well though it claims to know it, are
 * done without.
 */
export function* startUp(hci: Hci, options: StartUpOptions): Procedure<ControllerInfo> {
  const ask = <P, R>(command: Command<P, R>, parameters: P): Procedure<R> =>
    wait(sending(hci, command, parameters));
  const events = [...hciEvents, ...options.events];

  yield* ask(Reset, {});
  const version = yield* ask(ReadLocalVersionInformation, {});
  const quirks = quirksOf(version);
  const capabilities = yield* readCapabilities(hci, quirks);

  yield* ask(SetEventMask, { eventMask: eventMask(events) });
  const pageTwo = eventMaskPage2(events);
  if (pageTwo !== 0n && capabilities.supports(SetEventMaskPage2)) {
    yield* unlessRefused(ask(SetEventMaskPage2, { eventMaskPage2: pageTwo }));
  }
  // A controller that also speaks BR/EDR takes LE for disabled until told otherwise. Vol 4, Part E, 7.3.79.
  if (capabilities.supportsBrEdr && capabilities.supports(WriteLeHostSupport)) {
    yield* unlessUnknown(ask(WriteLeHostSupport, { supportedHost: true, simultaneousHost: 0 }));
  }
  yield* ask(LeSetEventMask, { eventMask: leEventMask(events, version.hciVersion) });

  const aclBuffers = yield* readAclBuffers(hci, capabilities);
  const publicAddress = (yield* unlessUnknown(ask(ReadBdAddr, {})))?.bdAddr ?? 0;
  yield* ask(LeSetRandomAddress, { randomAddress: options.randomAddress });
  if (capabilities.supportsDataLengthExtension && capabilities.supports(LeWriteSuggestedDefaultDataLength)) {
    const longest = { suggestedMaxTxOctets: mostTxOctets, suggestedMaxTxTime: mostTxTime };
    yield* unlessRefused(ask(LeWriteSuggestedDefaultDataLength, longest));
  }

  yield* allowSubrating(hci, capabilities, options.subrating);

  return {
    capabilities,
    hciVersion: version.hciVersion,
    hciSubversion: version.hciSubversion,
    companyIdentifier: version.companyIdentifier,
    lmpSubversion: version.lmpSubversion,
    quirks: quirks.map(({ name, summary, evidence }) => ({ name, summary, evidence })),
    publicAddress,
    randomAddress: options.randomAddress,
    aclBuffers,
    ...(yield* readRadio(hci, capabilities)),
  };
}

/** A command as an operation that a {@link Procedure} can wait for. */
export function sending<P, R>(hci: Hci, command: Command<P, R>, parameters: P): Operation<R> {
  return (done) => {
    hci.send(command, parameters, done);
  };
}

/** Legacy advertising knows one set of so many octets. Vol 6, Part B, 2.3.1.1. */
const legacyAdvertising = { advertisingSets: 1, advertisingDataOctets: 31 };

function* readRadio(
  hci: Hci,
  capabilities: ControllerCapabilities,
): Procedure<
  Pick<
    ControllerInfo,
    "filterAcceptListSize" | "resolvingListSize" | "advertisingSets" | "advertisingDataOctets"
  >
> {
  const list = capabilities.supports(LeReadFilterAcceptListSize)
    ? yield* unlessRefused(wait(sending(hci, LeReadFilterAcceptListSize, {})))
    : undefined;
  const resolving = capabilities.resolvesAddresses
    ? yield* unlessRefused(wait(sending(hci, LeReadResolvingListSize, {})))
    : undefined;
  const lists = {
    filterAcceptListSize: list?.filterAcceptListSize ?? 0,
    resolvingListSize: resolving?.resolvingListSize ?? 0,
  };
  if (!capabilities.usesExtendedCommands) return { ...lists, ...legacyAdvertising };
  const sets = yield* unlessRefused(wait(sending(hci, LeReadNumberOfSupportedAdvertisingSets, {})));
  const length = yield* unlessRefused(wait(sending(hci, LeReadMaximumAdvertisingDataLength, {})));
  return {
    ...lists,
    advertisingSets: Math.max(1, sets?.numSupportedAdvertisingSets ?? 1),
    advertisingDataOctets: Math.max(31, length?.maxAdvertisingDataLength ?? 31),
  };
}

/** What the controller can do with the host's consent alone, and this host has the means for. */
function* allowSubrating(
  hci: Hci,
  capabilities: ControllerCapabilities,
  granted: SubrateParameters | undefined,
): Procedure<void> {
  if (!capabilities.supportsSubrating || !capabilities.supports(LeSetHostFeature)) return;
  const consent = { bitNumber: subratingHostSupport, bitValue: true };
  yield* unlessRefused(wait(sending(hci, LeSetHostFeature, consent)));
  if (!granted || !capabilities.supports(LeSetDefaultSubrate)) return;
  yield* unlessRefused(wait(sending(hci, LeSetDefaultSubrate, granted)));
}

function* readCapabilities(hci: Hci, quirks: readonly KnownQuirk[]): Procedure<ControllerCapabilities> {
  // Copies: what a command returns is borrowed until its turn ends.
  const { supportedCommands } = yield* wait(sending(hci, ReadLocalSupportedCommands, {}));
  const commands = supportedCommands.slice();
  const lmp = yield* unlessUnknown(wait(sending(hci, ReadLocalSupportedFeatures, {})));
  const lmpFeatures = lmp?.lmpFeatures.slice() ?? noOctets;
  const { features } = yield* wait(sending(hci, LeReadLocalSupportedFeatures, {}));
  const leFeatures = features.slice();
  const lacking = quirks.map(({ lacks }) => lacks);
  const known = new ControllerCapabilities(commands, lmpFeatures, leFeatures, noOctets, lacking);
  if (!known.supports(LeReadSupportedStates)) return known;
  const states = yield* unlessRefused(wait(sending(hci, LeReadSupportedStates, {})));
  return new ControllerCapabilities(commands, lmpFeatures, leFeatures, states?.states.slice(), lacking);
}

/** A controller with one pool for both says 0 for LE, and the sizes of BR/EDR hold. Vol 4, Part E, 7.8.2. */
function* readAclBuffers(hci: Hci, capabilities: ControllerCapabilities): Procedure<AclBuffers> {
  const le = yield* readLeBuffers(hci, capabilities);
  if (le.aclDataPacketLength > 0 && le.totalNumAclDataPackets > 0) {
    return usable(LeReadBufferSize.name, le.aclDataPacketLength, le.totalNumAclDataPackets);
  }
  const shared = yield* wait(sending(hci, ReadBufferSize, {}));
  return usable(ReadBufferSize.name, shared.aclDataPacketLength, shared.totalNumAclDataPackets);
}

/** One of the two versions is mandatory; a controller may have the newer alone. Vol 4, Part E, 3.1.1. */
function* readLeBuffers(hci: Hci, capabilities: ControllerCapabilities): Procedure<LeReadBufferSizeReturns> {
  const isNewerAlone = capabilities.supports(LeReadBufferSizeV2) && !capabilities.supports(LeReadBufferSize);
  return yield* wait<LeReadBufferSizeReturns>(
    isNewerAlone ? sending(hci, LeReadBufferSizeV2, {}) : sending(hci, LeReadBufferSize, {}),
  );
}

/** A controller that has no room for data would have every connection wait for ever: better to know at once. */
function usable(name: string, packetOctets: number, packets: number): AclBuffers {
  if (packetOctets >= leastPacketOctets && packets > 0) return { packetOctets, packets };
  throw new MalformedPduError(name, `${packets} ACL buffers of ${packetOctets} octets are of no use`);
}

/** The result, or `undefined` from a controller that does not know the command. */
function* unlessUnknown<R>(asking: Procedure<R>): Procedure<R | undefined> {
  try {
    return yield* asking;
  } catch (error) {
    if (error instanceof HciError && error.status === Status.UnknownHciCommand) return undefined;
    throw error;
  }
}

/** The result, or `undefined` from a controller that refuses, for whatever reason, or answers too little. */
function* unlessRefused<R>(asking: Procedure<R>): Procedure<R | undefined> {
  try {
    return yield* asking;
  } catch (error) {
    if (error instanceof HciError || error instanceof MalformedPduError) return undefined;
    throw error;
  }
}
