import { describe, expect, it } from "vitest";
import { AttBearer, type AttBearerOptions, type AttUser } from "../../src/att/att.ts";
import { type Access, type Attribute, AttributeTable } from "../../src/att/attribute-table.ts";
import { ErrorCode } from "../../src/att/error-code.ts";
import { PrepareQueue } from "../../src/att/prepare-queue.ts";
import { fromHex, toHex } from "../../src/common/bytes.ts";
import { VirtualClock } from "../../src/common/clock.ts";
import { MalformedPduError } from "../../src/common/errors.ts";
import { Uuid } from "../../src/common/uuid.ts";
import { ScriptedChannel } from "./scripted-channel.ts";

const nobody: AttUser = { value: () => undefined, mtuChanged: () => undefined, closed: () => undefined };

function serve(attribute: Partial<Attribute<undefined>>, options: AttBearerOptions = {}) {
  const written: string[] = [];
  const table = new AttributeTable<undefined>();
  table.add({
    handle: 1,
    type: Uuid.from(0x2a00),
    groupEnd: 1,
    read: (_peer, _offset, done) => {
      done(Uint8Array.of(7));
    },
    write: (_peer, { value, acknowledged }, done) => {
      written.push(`${toHex(value)} ${acknowledged ? "request" : "command"}`);
      done(undefined);
    },
    ...attribute,
  });
  const channel = new ScriptedChannel();
  const bearer = new AttBearer(channel, new VirtualClock(), table, undefined, nobody, 517, options);
  const ask = (request: string): string[] => {
    const pdu = fromHex(request);
    bearer.receive(pdu);
    pdu.fill(0); // it was borrowed
    return channel.take();
  };
  return { ask, channel, written };
}

/** Every way to the value at handle 1: the request, and how a refusal by `error` looks. */
const ways: readonly [name: string, access: Access, request: string, refusal: (error: string) => string[]][] =
  [
    ["Read", "read", "0a 0100", (error) => [`010a0100${error}`]],
    ["Read Blob", "read", "0c 0100 0000", (error) => [`010c0100${error}`]],
    ["Read Multiple", "read", "0e 0100 0100", (error) => [`010e0100${error}`]],
    ["Read Multiple Variable", "read", "20 0100 0100", (error) => [`01200100${error}`]],
    ["Read By Type", "read", "08 0100 ffff 002a", (error) => [`01080100${error}`]],
    ["Find By Type Value", "read", "06 0100 ffff 002a 07", () => ["010601000a"]],
    ["Write", "write", "12 0100 aa", (error) => [`01120100${error}`]],
    ["Prepare Write", "write", "16 0100 0000 aa", (error) => [`01160100${error}`]],
    ["Write Command", "command", "52 0100 aa", () => []],
  ];

describe("Access to an attribute (Vol 3, Part F, 4)", () => {
  it.each(ways)(
    "%s asks what stands against it, and is refused with that",
    (_name, access, request, refusal) => {
      const asked: Access[] = [];
      const { ask, written } = serve({
        refusal: (_peer, wanted) => {
          asked.push(wanted);
          return ErrorCode.InsufficientEncryption;
        },
        authorize: () => {
          throw new Error("nobody is asked to authorize what is refused anyway");
        },
      });
      expect(ask(request)).toEqual(refusal("0f"));
      expect(asked[0]).toBe(access);
      expect(written).toEqual([]);
    },
  );

  it.each(ways)(
    "%s waits for the program's consent, and is refused without",
    (_name, access, request, refusal) => {
      for (const granted of [true, false]) {
        const waiting: ((granted: boolean) => void)[] = [];
        const { ask, channel, written } = serve({
          authorize: (_peer, wanted, done) => {
            expect(wanted).toBe(access);
            waiting.push(done);
          },
        });
        expect(ask(request)).toEqual([]);
        expect(written).toEqual([]);
        for (let answer = waiting.shift(); answer; answer = waiting.shift()) answer(granted);
        const [response = ""] = channel.take();
        if (!granted) expect(response === "" ? [] : [response]).toEqual(refusal("08"));
        else if (response !== "") expect(response.startsWith("01")).toBe(false);
        if (granted && request.startsWith("12")) expect(written).toEqual(["aa request"]);
        if (granted && request.startsWith("52")) expect(written).toEqual(["aa command"]);
      }
    },
  );

  it("consent to the first part of a long write is consent to all", () => {
    let asked = 0;
    const { ask, written } = serve({
      authorize: (_peer, _access, done) => {
        asked++;
        done(true);
      },
    });
    ask("16 0100 0000 aa");
    ask("16 0100 0100 bb");
    expect(ask("18 01")).toEqual(["19"]);
    expect(asked).toBe(1);
    expect(written).toEqual(["aabb request"]);
    ask("16 0100 0000 aa");
    expect(asked, "but not to the next").toBe(2);
  });

  it("security that is gone when prepared writes are executed keeps them from being written", () => {
    let refusal: number | undefined = undefined;
    const { ask, written } = serve({ refusal: () => refusal });
    ask("16 0100 0000 aa");
    refusal = ErrorCode.InsufficientEncryption;
    expect(ask("18 01")).toEqual(["011801000f"]);
    expect(written).toEqual([]);
  });
});

describe("ATT_SIGNED_WRITE_CMD received (Vol 3, Part F, 3.4.5.4)", () => {
  const pdu = "d2 0100 1337 01000000 f1871e933c900ff2";

  function serveSigned(good: boolean, options: AttBearerOptions = {}, refusal?: number) {
    const verified: string[] = [];
    const accesses: Access[] = [];
    const signing = {
      sign: () => undefined,
      verify: (message: Uint8Array, signature: Uint8Array) => {
        verified.push(`${toHex(message)} ${toHex(signature)}`);
        return good;
      },
    };
    const attribute: Partial<Attribute<undefined>> = {
      refusal: (_peer, access) => (accesses.push(access), refusal),
    };
    return { ...serve(attribute, { signing, ...options }), accesses, verified };
  }

  it("is written when the signature over opcode and parameters is good", () => {
    const { ask, accesses, verified, written } = serveSigned(true);
    expect(ask(pdu)).toEqual([]);
    expect(verified).toEqual(["d201001337 01000000f1871e933c900ff2"]);
    expect(accesses).toEqual(["signedCommand"]);
    expect(written).toEqual(["1337 command"]);
  });

  it.each([
    ["the signature is wrong", false, {}, undefined],
    ["something stands against it", true, {}, ErrorCode.WriteNotPermitted],
    ["the bearer is an enhanced one", true, { fixedMtu: 100 }, undefined],
  ] as const)("is ignored when %s", (_name, good, options, refusal) => {
    const { ask, written } = serveSigned(good, options, refusal);
    expect(ask(pdu)).toEqual([]);
    expect(written).toEqual([]);
  });

  it("is malformed without a whole signature", () => {
    const { ask } = serveSigned(true);
    expect(() => ask("d2 0100 0000000000000000000000")).toThrow(MalformedPduError);
  });
});

describe("ATT server: a gate (Vol 3, Part G, 2.5.2.1)", () => {
  it("refuses requests with the handle in them, and keeps commands from having an effect", () => {
    const seen: string[] = [];
    const gate = {
      takesCommands: false,
      request: (request: Uint8Array) => {
        seen.push(toHex(request));
        return ErrorCode.DatabaseOutOfSync;
      },
    };
    const { ask, written } = serve({}, { session: { prepared: new PrepareQueue(), gate } });
    expect(ask("0a 0100")).toEqual(["010a010012"]);
    expect(ask("52 0100 aa")).toEqual([]);
    expect(written).toEqual([]);
    expect(seen).toEqual(["0a0100"]);
  });
});

describe("AttributeTable", () => {
  it("gives the handles of removed attributes to others, but not by itself", () => {
    const table = new AttributeTable<undefined>();
    const add = (handle: number): void => {
      table.add({ handle, type: Uuid.from(0x2a00), groupEnd: handle });
    };
    for (const handle of [1, 2, 3, 4]) add(handle);
    table.remove(2, 4);
    expect([...table.between(1, 0xffff)].map(({ handle }) => handle)).toEqual([1]);
    expect(table.at(2)).toBeUndefined();
    expect(table.end).toBe(5);
    add(3);
    expect([...table.between(1, 0xffff)].map(({ handle }) => handle)).toEqual([1, 3]);
    expect(() => {
      add(3);
    }).toThrow(RangeError);
  });
});
