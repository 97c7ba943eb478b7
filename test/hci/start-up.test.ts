import { beforeEach, describe, expect, it } from "vitest";
import { toHex } from "../../src/common/bytes.ts";
import { MalformedPduError, TransportError } from "../../src/common/errors.ts";
import { type Outcome, run } from "../../src/common/procedure.ts";
import {
  Reset,
  SetEventMask,
  SetEventMaskPage2,
  WriteLeHostSupport,
} from "../../src/hci/commands/controller-baseband.ts";
import * as informational from "../../src/hci/commands/informational.ts";
import { LeWriteSuggestedDefaultDataLength } from "../../src/hci/commands/le-connection.ts";
import {
  LeReadBufferSize,
  LeReadBufferSizeV2,
  LeReadLocalSupportedFeatures,
  LeSetEventMask,
  LeSetRandomAddress,
} from "../../src/hci/commands/le-controller.ts";
import { CommandTimeoutError, HciError } from "../../src/hci/error.ts";
import type { Event } from "../../src/hci/event.ts";
import { LeAdvertisingReport } from "../../src/hci/events/le-advertising.ts";
import {
  LeConnectionComplete,
  LeConnectionUpdateComplete,
  LeEnhancedConnectionComplete,
} from "../../src/hci/events/le-connection.ts";
import { LeLongTermKeyRequest } from "../../src/hci/events/le-security.ts";
import { AuthenticatedPayloadTimeoutExpired, DisconnectionComplete } from "../../src/hci/events/link.ts";
import { type ControllerInfo, startUp } from "../../src/hci/start-up.ts";
import { Status } from "../../src/hci/status.ts";
import { complete, ScriptedHci, success } from "./scripted-controller.ts";

const {
  ReadBdAddr,
  ReadBufferSize,
  ReadLocalSupportedCommands,
  ReadLocalSupportedFeatures,
  ReadLocalVersionInformation,
} = informational;

const randomAddress = 0xc0ff_ee00_0001;
const wanted: readonly Event<unknown>[] = [
  DisconnectionComplete,
  LeConnectionComplete,
  LeEnhancedConnectionComplete,
  LeConnectionUpdateComplete,
  LeLongTermKeyRequest,
  LeAdvertisingReport,
];

/** A mask of `size` octets with these bits set, counted as the specification does: octet, then bit in it. */
function mask(size: number, ...bits: (readonly [octet: number, bit: number])[]): Uint8Array {
  const octets = new Uint8Array(size);
  for (const [octet, bit] of bits) octets[octet]! |= 1 << bit;
  return octets;
}

// Vol 4, Part E, 6.27
const writeLeHostSupport = [24, 6] as const;
const suggestedDataLength = [34, 0] as const;
const eventMaskPageTwo = [22, 2] as const;
// Vol 2, Part C, 3.3: octet 4 has BR/EDR Not Supported and LE Supported.
const leOnly = mask(8, [4, 5], [4, 6]);
const dualMode = mask(8, [4, 6]);
const dataLength = mask(8, [0, 5]);

let scripted: ScriptedHci;
let outcome: Outcome<ControllerInfo> | undefined;

/** What a controller answers; the rest is that of an LE-only one without anything optional. */
interface Controller {
  readonly commands?: Uint8Array;
  readonly lmp?: Uint8Array;
  readonly le?: Uint8Array;
  readonly hciVersion?: number;
  readonly leBuffers?: readonly [octets: number, packets: number];
  readonly sharedBuffers?: readonly [octets: number, packets: number];
}

function controller(options: Controller = {}): void {
  const { answers } = scripted.controller;
  const [leOctets, lePackets] = options.leBuffers ?? [251, 6];
  const [octets, packets] = options.sharedBuffers ?? [1021, 8];
  const version = { hciSubversion: 0x1234, lmpVersion: 0x0d, companyIdentifier: 0x05f1, lmpSubversion: 0 };
  const all = [
    success(Reset, {}),
    success(ReadLocalVersionInformation, { hciVersion: options.hciVersion ?? 0x0d, ...version }),
    success(ReadLocalSupportedCommands, { supportedCommands: options.commands ?? mask(64) }),
    success(ReadLocalSupportedFeatures, { lmpFeatures: options.lmp ?? leOnly }),
    success(LeReadLocalSupportedFeatures, { features: options.le ?? mask(8) }),
    success(SetEventMask, {}),
    success(SetEventMaskPage2, {}),
    success(WriteLeHostSupport, {}),
    success(LeSetEventMask, {}),
    success(LeReadBufferSize, { aclDataPacketLength: leOctets, totalNumAclDataPackets: lePackets }),
    success(ReadBufferSize, {
      aclDataPacketLength: octets,
      synchronousDataPacketLength: 0,
      totalNumAclDataPackets: packets,
      totalNumSynchronousDataPackets: 0,
    }),
    success(ReadBdAddr, { bdAddr: 0x010203040506 }),
    success(LeSetRandomAddress, {}),
    success(LeWriteSuggestedDefaultDataLength, {}),
  ];
  for (const [opcode, answer] of all) answers.set(opcode, answer);
}

/** Has a controller refuse a command. */
function refuse({ opcode }: { readonly opcode: number }, status: number): void {
  scripted.controller.answers.set(opcode, complete(opcode, Uint8Array.of(status)));
}

function start(events: readonly Event<unknown>[] = wanted): void {
  scripted.turn.run(() => {
    run(startUp(scripted.hci, { events, randomAddress }), (result) => {
      expect(outcome).toBeUndefined();
      outcome = result;
    });
  });
  scripted.controller.clock.advanceSync(0);
}

function info(): ControllerInfo {
  if (!outcome || outcome instanceof Error) throw new Error("start-up has not succeeded", { cause: outcome });
  return outcome;
}

const minimal = [
  Reset,
  ReadLocalVersionInformation,
  ReadLocalSupportedCommands,
  ReadLocalSupportedFeatures,
  LeReadLocalSupportedFeatures,
  SetEventMask,
  LeSetEventMask,
  LeReadBufferSize,
  ReadBdAddr,
  LeSetRandomAddress,
];
const names = (commands: readonly { readonly opcode: number }[]): number[] =>
  commands.map(({ opcode }) => opcode);
const parameters = (command: { readonly opcode: number }): string =>
  toHex(scripted.controller.parametersOf(command) ?? new Uint8Array());

beforeEach(() => {
  scripted = new ScriptedHci();
  outcome = undefined;
});

describe("start-up (Vol 6, Part D, 2)", () => {
  it("asks an LE-only controller what it has to know, in this order, and nothing else", () => {
    controller();
    start();
    expect(scripted.controller.opcodes).toEqual(names(minimal));
    expect(info()).toMatchObject({
      hciVersion: 0x0d,
      hciSubversion: 0x1234,
      companyIdentifier: 0x05f1,
      publicAddress: 0x010203040506,
      randomAddress,
      aclBuffers: { packetOctets: 251, packets: 6 },
    });
    expect(scripted.controller.clock.timers).toBe(0);
  });

  it("keeps what the masks say, though the packets they came in are gone", () => {
    controller({ commands: mask(64, suggestedDataLength), le: dataLength, lmp: dualMode });
    start();
    const { capabilities } = info();
    expect(capabilities.supports(LeWriteSuggestedDefaultDataLength)).toBe(true);
    expect(capabilities.supports(WriteLeHostSupport)).toBe(false);
    expect(capabilities.supports({ opcode: 0xfc01 })).toBe(false);
    expect(capabilities.supportsBrEdr).toBe(true);
    expect(capabilities.supportsDataLengthExtension).toBe(true);
  });

  it("sets the random static address it was given (7.8.4)", () => {
    controller();
    start();
    expect(parameters(LeSetRandomAddress)).toBe("010000eeffc0");
  });
});

describe("the event masks of start-up", () => {
  it("ask for the wanted events, Hardware Error and LE Meta (7.3.1)", () => {
    controller();
    start();
    // Bits 4, 15 and 61.
    expect(parameters(SetEventMask)).toBe("1080000000000020");
  });

  it("ask for the wanted subevents (7.8.1)", () => {
    controller();
    start();
    // Bits 0, 1, 2, 4 and 9.
    expect(parameters(LeSetEventMask)).toBe("1702000000000000");
  });

  it("ask a controller of 4.0 for none that it does not know", () => {
    controller({ hciVersion: 0x06 });
    start();
    expect(parameters(LeSetEventMask)).toBe("1700000000000000");
  });

  it("have a second page where an event of it is wanted and the controller knows it (7.3.69)", () => {
    controller({ commands: mask(64, eventMaskPageTwo) });
    start([...wanted, AuthenticatedPayloadTimeoutExpired]);
    expect(parameters(SetEventMask)).toBe("1080000000000020");
    expect(parameters(SetEventMaskPage2)).toBe("0000800000000000");
  });

  it("have none where the controller does not know it, or nobody wants an event of it", () => {
    controller();
    start([...wanted, AuthenticatedPayloadTimeoutExpired]);
    expect(scripted.controller.opcodes).toEqual(names(minimal));
    scripted = new ScriptedHci();
    outcome = undefined;
    controller({ commands: mask(64, eventMaskPageTwo) });
    start();
    expect(scripted.controller.opcodes).toEqual(names(minimal));
  });
});

describe("start-up and what a controller may lack", () => {
  const between = (
    before: { readonly opcode: number },
    ...added: { readonly opcode: number }[]
  ): number[] => {
    const at = minimal.findIndex(({ opcode }) => opcode === before.opcode) + 1;
    return names([...minimal.slice(0, at), ...added, ...minimal.slice(at)]);
  };

  it("takes the sizes of BR/EDR where LE has none of its own (7.8.2)", () => {
    controller({ leBuffers: [0, 0], sharedBuffers: [310, 10] });
    start();
    expect(scripted.controller.opcodes).toEqual(between(LeReadBufferSize, ReadBufferSize));
    expect(info().aclBuffers).toEqual({ packetOctets: 310, packets: 10 });
  });

  it("asks a controller that has the second version of LE Read Buffer Size alone with that (7.8.2)", () => {
    controller({ commands: mask(64, [41, 5]) });
    refuse(LeReadBufferSize, Status.UnknownHciCommand);
    const { answers } = scripted.controller;
    const sizes = { aclDataPacketLength: 251, totalNumAclDataPackets: 9 };
    const [opcode, answer] = success(LeReadBufferSizeV2, {
      ...sizes,
      isoDataPacketLength: 0,
      totalNumIsoDataPackets: 0,
    });
    answers.set(opcode, answer);
    start();
    expect(info().aclBuffers).toEqual({ packetOctets: 251, packets: 9 });
  });

  it("switches LE on in a controller that speaks BR/EDR too (7.3.79)", () => {
    controller({ lmp: dualMode, commands: mask(64, writeLeHostSupport) });
    start();
    expect(scripted.controller.opcodes).toEqual(between(SetEventMask, WriteLeHostSupport));
    expect(parameters(WriteLeHostSupport)).toBe("0100");
    expect(info().aclBuffers.packets).toBe(6);
  });

  it.each([
    ["an LE-only controller, whatever its commands say", leOnly, mask(64, writeLeHostSupport)],
    ["a controller that does not know the command", dualMode, mask(64)],
  ])("does not try to in %s", (_, lmp, commands) => {
    controller({ lmp, commands });
    start();
    expect(scripted.controller.opcodes).toEqual(names(minimal));
  });

  it("asks for long packets where the controller can send them (7.8.35)", () => {
    controller({ commands: mask(64, suggestedDataLength), le: dataLength });
    start();
    expect(scripted.controller.opcodes).toEqual(
      between(LeSetRandomAddress, LeWriteSuggestedDefaultDataLength),
    );
    // 251 octets, 2120 µs.
    expect(parameters(LeWriteSuggestedDefaultDataLength)).toBe("fb004808");
    expect(info().capabilities.supportsDataLengthExtension).toBe(true);
  });

  it.each([
    ["the feature", mask(64, suggestedDataLength), mask(8)],
    ["the command", mask(64), dataLength],
  ])("does not where %s is missing", (_, commands, le) => {
    controller({ commands, le });
    start();
    expect(scripted.controller.opcodes).toEqual(names(minimal));
  });

  it("does with shorter packets where the controller refuses longer ones", () => {
    controller({ commands: mask(64, suggestedDataLength), le: dataLength });
    refuse(LeWriteSuggestedDefaultDataLength, Status.InvalidHciCommandParameters);
    start();
    expect(info().hciVersion).toBe(0x0d);
  });

  it("does without a public address, and without LMP features, in a controller that knows neither", () => {
    controller();
    refuse(ReadBdAddr, Status.UnknownHciCommand);
    refuse(ReadLocalSupportedFeatures, Status.UnknownHciCommand);
    start();
    expect(info().publicAddress).toBe(0);
    expect(scripted.controller.opcodes).toEqual(names(minimal));
  });

  it.each([
    ["no buffers at all", [0, 0], [0, 0]],
    ["buffers too small for LE", [26, 4], [1021, 8]],
    ["shared buffers too small for LE", [0, 0], [16, 8]],
  ] as const)("fails at once where the controller has %s", (_, leBuffers, sharedBuffers) => {
    controller({ leBuffers, sharedBuffers });
    start();
    expect(outcome).toBeInstanceOf(MalformedPduError);
    expect(scripted.controller.clock.timers).toBe(0);
  });
});

describe("start-up and a controller that fails", () => {
  const every = [...minimal, WriteLeHostSupport, ReadBufferSize, LeWriteSuggestedDefaultDataLength];
  const commands = mask(64, writeLeHostSupport, suggestedDataLength);
  const dispensable = new Set(names([LeWriteSuggestedDefaultDataLength]));
  const everything = (): void => {
    controller({ commands, lmp: dualMode, le: dataLength, leBuffers: [0, 0] });
  };

  it("is tried in every step by what follows", () => {
    everything();
    start();
    expect(new Set(scripted.controller.opcodes)).toEqual(new Set(names(every)));
  });

  it.each(every.filter(({ opcode }) => !dispensable.has(opcode)))(
    "fails with HciError where $name is refused",
    (command) => {
      everything();
      refuse(command, Status.CommandDisallowed);
      start();
      expect(outcome).toEqual(new HciError(Status.CommandDisallowed, command.opcode));
      expect(scripted.controller.opcodes.at(-1)).toBe(command.opcode);
      expect(scripted.controller.clock.timers).toBe(0);
    },
  );

  it.each(every.filter(({ opcode }) => !dispensable.has(opcode)))(
    "fails with MalformedPduError where the answer to $name has no status",
    ({ opcode }) => {
      everything();
      scripted.controller.answers.set(opcode, complete(opcode, new Uint8Array()));
      start();
      expect(outcome).toBeInstanceOf(MalformedPduError);
    },
  );

  it("does without what is optional where its answer has no status", () => {
    everything();
    const { opcode } = LeWriteSuggestedDefaultDataLength;
    scripted.controller.answers.set(opcode, complete(opcode, new Uint8Array()));
    start();
    expect(info().hciVersion).toBe(0x0d);
  });

  it.each(every)("fails with CommandTimeoutError where $name is not answered", ({ opcode }) => {
    everything();
    scripted.controller.answers.set(opcode, "silence");
    start();
    scripted.controller.clock.advanceSync(4_999);
    expect(outcome).toBeUndefined();
    scripted.controller.clock.advanceSync(1);
    expect(outcome).toBeInstanceOf(CommandTimeoutError);
    expect(outcome).toMatchObject({ opcode });
    expect(scripted.controller.clock.timers).toBe(0);
  });

  it.each(every)("fails with TransportError where the transport ends at $name", ({ opcode }) => {
    for (const end of ["close", "fail"] as const) {
      scripted = new ScriptedHci();
      outcome = undefined;
      everything();
      scripted.controller.answers.set(opcode, end);
      start();
      expect(outcome).toBeInstanceOf(TransportError);
      expect(scripted.controller.clock.timers).toBe(0);
    }
  });
});
