import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codecs as attCodecs } from "../../src/att/registry.ts";
import { VirtualClock } from "../../src/common/clock.ts";
import { MalformedPduError } from "../../src/common/errors.ts";
import { Reset } from "../../src/hci/commands/controller-baseband.ts";
import { LeSetRandomAddress } from "../../src/hci/commands/le-controller.ts";
import { commands } from "../../src/hci/commands/registry.ts";
import { events } from "../../src/hci/events/registry.ts";
import { Status } from "../../src/hci/status.ts";
import { signalingCommands } from "../../src/l2cap/signaling-registry.ts";
import { codecs as smpCodecs } from "../../src/smp/registry.ts";
import {
  codec,
  codecs,
  decodedUnlessMalformed,
  decodesOrThrowsMalformed,
  type MutationKind,
  type PduCodec,
  reencodes,
  roundTrips,
} from "../../testing/index.ts";
import { VirtualAir } from "../../transports/virtual/index.ts";
import { RawHost } from "../support/raw-host.ts";
import { runs } from "../support/runs.ts";

const names = (list: readonly { readonly name: string }[]): string[] => list.map(({ name }) => name);

describe("codecs", () => {
  it("has every PDU of every registry", () => {
    expect(names(codecs("ATT"))).toEqual(names(attCodecs));
    expect(names(codecs("SMP"))).toEqual(names(smpCodecs));
    expect(names(codecs("L2CAP signaling"))).toEqual(names(signalingCommands));
    expect(names(codecs("HCI command"))).toEqual(names(commands));
    expect(names(codecs("HCI event"))).toEqual(names(events));
    expect(names(codecs("HCI return parameters"))).toEqual(
      names(commands.filter(({ returns }) => returns)).map((name) => `${name} return parameters`),
    );
    expect(new Set(names(codecs())).size).toBe(codecs().length);
  });

  it("finds one by its name, and says which names are alike", () => {
    expect(codec("ATT_READ_REQ").code).toBe(0x0a);
    expect(codec("HCI_Reset").protocol).toBe("HCI command");
    expect(() => codec("ATT_READ_REQUEST")).toThrow('"ATT_READ_REQUEST"; ATT_READ_BY_TYPE_REQ');
    expect(() => codec("ATT_READ_REQUEST")).toThrow(RangeError);
  });
});

describe.each(codecs())("$protocol $name", (codec) => {
  it("are those of some protocols, and a protocol that is none is refused with the names of all", () => {
    expect(new Set(codecs("ATT", "SMP").map(({ protocol }) => protocol))).toEqual(new Set(["ATT", "SMP"]));
    expect(() => codecs("att" as "ATT")).toThrow(
      new RangeError(
        'protocols: "att" is none of ATT, SMP, L2CAP signaling, HCI command, HCI return parameters, HCI event',
      ),
    );
  });

  it("decodes what it encodes, be it allowed or only possible", () => {
    fc.assert(
      fc.property(fc.oneof(codec.valid, codec.encodable), (value) => {
        roundTrips(codec, value);
      }),
      runs,
    );
  });

  it("writes the PDUs that the specification allows as they were", () => {
    fc.assert(
      fc.property(codec.octets, (octets) => {
        reencodes(codec, octets);
      }),
      runs,
    );
  });

  it("decodes PDUs that are nearly right, or calls them malformed", () => {
    fc.assert(
      fc.property(codec.mutations, ({ octets }) => {
        decodesOrThrowsMalformed(codec, octets);
      }),
      runs,
    );
  });
});

describe("values that the specification allows", () => {
  const clock = new VirtualClock();
  const host = new RawHost(new VirtualAir({ clock }).controller().transport(), clock);
  const byOpcode = new Map(commands.map((command) => [command.opcode, command]));
  /** What depends on what was said before. */
  const dependsOnMore = [
    "HCI_LE_Remove_Device_From_Filter_Accept_List", // who is in it
    "HCI_Host_Number_Of_Completed_Packets", // has no answer
  ];

  it.each(codecs("HCI command").filter(({ name }) => !dependsOnMore.includes(name)))(
    "$name: a controller never finds them invalid",
    (codec) => {
      const command = byOpcode.get(codec.code);
      if (!command) throw new Error("every command has a definition");
      fc.assert(
        fc.property(codec.valid, (parameters) => {
          host.ask(Reset, {});
          host.ask(LeSetRandomAddress, { randomAddress: 0xc0ff_ee00_0001 });
          expect(host.status(command, parameters)).not.toBe(Status.InvalidHciCommandParameters);
          host.events.length = 0;
        }),
        { numRuns: Math.ceil(runs.numRuns / 8) },
      );
    },
  );

  it.each<[string, (value: Record<string, number>) => boolean]>([
    [
      "ATT_READ_BY_TYPE_REQ",
      ({ startHandle = 0, endHandle = 0 }) => 0 < startHandle && startHandle <= endHandle,
    ],
    ["ATT_EXCHANGE_MTU_REQ", ({ mtu = 0 }) => mtu >= 23],
    ["Pairing Request", ({ maximumEncryptionKeySize: size = 0 }) => size >= 7 && size <= 16],
    ["HCI_LE_Set_Scan_Parameters", ({ scanWindow = 0, scanInterval = 0 }) => scanWindow <= scanInterval],
  ])("%s: fields are within their ranges and fit one another", (name, isRight) => {
    fc.assert(fc.property(codec(name).valid as fc.Arbitrary<Record<string, number>>, isRight), runs);
  });

  it("reach the longest value that there is", () => {
    const lengths = fc.sample(codec("ATT_WRITE_REQ").octets, 500).map(({ length }) => length);
    expect(Math.max(...lengths)).toBeGreaterThan(400);
    expect(Math.min(...lengths)).toBeLessThan(5);
  });
});

describe("mutations", () => {
  const kinds: readonly MutationKind[] = [
    "truncated",
    "extended",
    "lengthOffByOne",
    "flippedBits",
    "reservedValues",
    "wrongCode",
    "duplicatedField",
  ];

  it("come in every kind", () => {
    const seen = new Set(fc.sample(codec("Pairing Request").mutations, 300).map(({ kind }) => kind));
    expect([...seen].sort()).toEqual([...kinds].sort());
  });

  /** How many of some mutations are refused, of a hundred. */
  const refused = (codec: PduCodec, kind: MutationKind): number => {
    const some = fc.sample(
      codec.mutations.filter((mutation) => mutation.kind === kind),
      100,
    );
    return some.filter(({ octets }) => decodedUnlessMalformed(codec, octets) === undefined).length;
  };

  it.each(["truncated", "extended", "wrongCode"] as const)(
    "that are %s are refused where a PDU has one length",
    (kind) => {
      for (const name of [
        "Pairing Request",
        "ATT_READ_BLOB_REQ",
        "L2CAP_DISCONNECTION_REQ",
        "HCI_LE_Set_Scan_Parameters",
      ])
        expect(refused(codec(name), kind), name).toBe(100);
    },
  );

  it("that lie about their length are refused where there is a length", () => {
    for (const name of ["L2CAP_COMMAND_REJECT_RSP", "HCI_LE_Advertising_Report", "HCI_Reset"])
      expect(refused(codec(name), "lengthOffByOne"), name).toBe(100);
  });

  it("hold what is reserved, and that decodes", () => {
    for (const name of ["Pairing Request", "ATT_ERROR_RSP"])
      expect(refused(codec(name), "reservedValues"), name).toBe(0);
  });

  it("shrink to the shortest PDU that shows a fault", () => {
    const faulty = {
      name: "somebody's ATT_WRITE_REQ",
      decode(octets: Uint8Array): Uint8Array {
        if (octets.length < 3) throw new MalformedPduError("ATT_WRITE_REQ", "too short");
        if (octets[3] === 7) throw new TypeError("a seven");
        return octets;
      },
    };
    const { counterexample } = fc.check(
      fc.property(codec("ATT_WRITE_REQ").octets, (octets) => {
        decodesOrThrowsMalformed(faulty, octets);
      }),
      { numRuns: 20_000, seed: 1 },
    );
    expect(counterexample).toEqual([Uint8Array.of(0x12, 1, 0, 7)]);
  });
});
