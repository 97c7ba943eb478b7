import { beforeEach, describe, expect, it } from "vitest";
import { AttError } from "../../src/att/error.ts";
import type { SecurityState } from "../../src/common/security.ts";
import type { PermissionLike } from "../../src/gatt/permissions.ts";
import {
  type AuthorizeEvent,
  characteristic,
  type CharacteristicOptions,
  descriptor,
  service,
} from "../../src/gatt/service-builder.ts";
import { PlayedSecurity, type PlayedClient, Served } from "./served.ts";
import { settle } from "./wire.ts";

let served: Served;
let security: PlayedSecurity;
let client: PlayedClient;

beforeEach(() => {
  served = new Served();
  security = new PlayedSecurity();
  client = served.connect({ security });
});

const octets = (...values: number[]): Uint8Array => Uint8Array.from(values);

/** The value is at handle 3, its configuration at 4. */
function offer(options: CharacteristicOptions) {
  return served.server.add(service("180d", { it: characteristic("2a37", options) })).it;
}

type Row = readonly [
  name: string,
  permission: PermissionLike,
  hasKey: boolean,
  state: Partial<SecurityState> | undefined,
  error: string | undefined,
];

// Vol 3, Part C, 10.3.1, Table 10.4: what is answered depends on encryption and on whether there is a key.
const rows: readonly Row[] = [
  ["nothing of a plain link", "none", false, undefined, undefined],
  ["encryption of a plain link without a key", "encrypted", false, undefined, "05"],
  ["encryption of a plain link with a key", "encrypted", true, undefined, "0f"],
  ["encryption of an encrypted link", "encrypted", true, {}, undefined],
  ["authentication of a plain link without a key", "authenticated", false, undefined, "05"],
  ["authentication of a plain link with a key", "authenticated", true, undefined, "0f"],
  ["authentication of a link that is only encrypted", "authenticated", true, {}, "05"],
  ["authentication of an authenticated link", "authenticated", true, { authenticated: true }, undefined],
  ["Secure Connections of a plain link", "secureConnections", false, undefined, "05"],
  [
    "Secure Connections of a link with a legacy key",
    "secureConnections",
    true,
    { authenticated: true },
    "05",
  ],
  [
    "Secure Connections of a link with such a key",
    "secureConnections",
    true,
    { secureConnections: true },
    undefined,
  ],
  ["a long key of a plain link", { keySize: 16 }, true, undefined, "0f"],
  ["a long key of a link with a short one", { keySize: 16 }, true, { keySize: 15 }, "0c"],
  ["a long key of a link with one as long", { keySize: 15 }, true, { keySize: 15 }, undefined],
  [
    "authentication and a long key of a link that lacks both",
    { authenticated: true, keySize: 16 },
    true,
    { keySize: 7 },
    "05",
  ],
  [
    "everything of a link that has everything",
    { encrypted: true, authenticated: true, secureConnections: true, keySize: 16 },
    true,
    { authenticated: true, secureConnections: true },
    undefined,
  ],
];

describe("Permissions of a value (Vol 3, Part C, 10.3.1; Vol 3, Part F, 4)", () => {
  it.each(rows)("to read ask %s", async (_name, read, hasKey, state, error) => {
    offer({ value: octets(7), write: true, permissions: { read } });
    security.hasKey = hasKey;
    if (state) security.encrypt(state);
    expect(await client.ask("0a 0300")).toEqual([error === undefined ? "0b07" : `010a0300${error}`]);
    expect(await client.ask("12 0300 08"), "writing is another matter").toEqual(["13"]);
  });

  it.each(rows)("to write ask %s", async (_name, write, hasKey, state, error) => {
    const value = offer({
      value: octets(7),
      write: true,
      writeWithoutResponse: true,
      permissions: { write },
    });
    security.hasKey = hasKey;
    if (state) security.encrypt(state);
    expect(await client.ask("0a 0300"), "reading is another matter").toEqual(["0b07"]);
    expect(await client.ask("12 0300 08")).toEqual([error === undefined ? "13" : `01120300${error}`]);
    expect(await client.ask("16 0300 0000 08")).toEqual([
      error === undefined ? "170300000008" : `01160300${error}`,
    ]);
    expect(await client.ask("52 0300 09")).toEqual([]);
    expect(value.value).toEqual(octets(error === undefined ? 9 : 7));
  });

  it.each(rows)("to subscribe and to be notified ask %s", async (_name, notify, hasKey, state, error) => {
    const value = offer({ value: octets(7), notify: true, permissions: { notify } });
    security.hasKey = hasKey;
    if (state) security.encrypt(state);
    expect(await client.ask("12 0400 0100")).toEqual([error === undefined ? "13" : `01120400${error}`]);
    expect(await value.notify(octets(1))).toBe(error === undefined ? 1 : 0);
    expect(await value.notify(octets(1), { force: true })).toBe(error === undefined ? 1 : 0);
    client.channel.take();
    expect(await client.ask("0a 0400"), "one's own subscription anyone may read").toHaveLength(1);
  });

  it("to be notified are those to read where they are not given", async () => {
    offer({ value: octets(7), notify: true, permissions: { read: "encrypted" } });
    expect(await client.ask("12 0400 0100")).toEqual(["0112040005"]);
    offer({ value: octets(7), notify: true, permissions: { read: "encrypted", notify: "none" } });
    expect(await client.ask("12 0800 0100")).toEqual(["13"]);
  });

  it("that are no longer met keep a subscriber from being told", async () => {
    const value = offer({ notify: true, indicate: true, permissions: { notify: "encrypted" } });
    security.encrypt();
    await client.ask("12 0400 0300");
    expect(await value.notify(octets(1))).toBe(1);
    security.encrypt({ encrypted: false });
    expect(await value.notify(octets(1))).toBe(0);
    expect(await value.indicate(octets(1))).toBe(0);
    expect(value.tryNotify(octets(1))).toBe(true);
    expect(client.channel.take()).toEqual(["1b030001"]);
  });

  it("hold for descriptors too", async () => {
    const secret = descriptor("2901", { value: octets(0x61), permissions: { read: "authenticated" } });
    offer({ value: octets(7), descriptors: [secret] });
    expect(await client.ask("0a 0400")).toEqual(["010a040005"]);
    expect(await client.ask("08 0100 ffff 0129")).toEqual(["0108040005"]);
  });

  it("do not keep anyone from finding the attributes (Vol 3, Part G, 3.3)", async () => {
    offer({ value: octets(7), permissions: { read: "authenticated" } });
    expect(await client.ask("08 0100 ffff 0328")).toEqual(["09070200020300372a"]);
    expect(await client.ask("04 0100 ffff")).toEqual(["0501010000280200032803" + "00372a"]);
  });

  it.each([
    ["is no word for one", { read: "secret" as never }, TypeError],
    ["is no object", { read: 7 as never }, TypeError],
    ["has a key size that no key has", { write: { keySize: 17 } }, RangeError],
    ["has a key size of half an octet", { write: { keySize: 7.5 } }, RangeError],
  ])("given as something that %s is a mistake told at once", (_name, permissions, error) => {
    expect(() => characteristic("2a37", { permissions })).toThrow(error);
    expect(() => descriptor("2901", { permissions })).toThrow(/permissions\./);
  });

  it.each<readonly [string, object]>([
    ["permissions", { permissions: "encrypted" }],
    ["permissions", { permissions: { reed: "encrypted" } }],
    ["permissions.read", { permissions: { read: { encrypt: true } } }],
    ["onRead", { onRead: octets(1) }],
    ["onWrite", { onWrite: "print" }],
    ["onAuthorize", { onAuthorize: true }],
    ["descriptors", { descriptors: { uuid: "2901" } }],
    ["descriptors", { descriptors: ["2901"] }],
    ["codec", { codec: "utf8" }],
  ])("do not leave a value open by a slip of the pen: %s", (option, options) => {
    expect(() => characteristic("2a37", options)).toThrow(TypeError);
    expect(() => characteristic("2a37", options)).toThrow(new RegExp(`^${option}: `));
  });

  it("take a command for a value with a signature once the link is encrypted (Vol 3, Part G, 4.9.2)", async () => {
    const value = offer({ signedWrite: true });
    expect(await client.ask("52 0300 01")).toEqual([]);
    expect(value.value, "the link is plain").toEqual(octets());
    security.encrypt();
    expect(await client.ask("52 0300 02")).toEqual([]);
    expect(value.value).toEqual(octets(2));
    expect(await client.ask("12 0300 03"), "no request").toEqual(["0112030003"]);
  });
});

describe("Authorization (Vol 3, Part F, 4)", () => {
  const asked: string[] = [];
  const judge = (answer: () => boolean | Promise<boolean>) => (event: AuthorizeEvent) => {
    asked.push(`${event.access} ${event.uuid.toString()} ${String(event.connection === client.connection)}`);
    return answer();
  };

  const all = { read: "authorized", write: "authorized", notify: "authorized" } as const;

  beforeEach(() => {
    asked.length = 0;
  });

  it("is asked for each access, with the connection and the characteristic", async () => {
    const value = offer({
      value: octets(7),
      write: true,
      notify: true,
      permissions: all,
      onAuthorize: judge(() => true),
    });
    expect(await client.ask("0a 0300")).toEqual(["0b07"]);
    expect(await client.ask("12 0300 08")).toEqual(["13"]);
    expect(await client.ask("12 0400 0100")).toEqual(["13"]);
    expect(asked).toEqual(["read 2a37 true", "write 2a37 true", "subscribe 2a37 true"]);
    expect(await value.notify(octets(1)), "for each value it is not").toBe(1);
    expect(asked).toHaveLength(3);
  });

  it.each<readonly [string, () => boolean | Promise<boolean>]>([
    ["no", () => false],
    ["no, later", () => Promise.resolve(false)],
    ["nothing", () => undefined as never],
    ["something that is true but not consent", () => 1 as never],
    [
      "an AttError",
      () => {
        throw new AttError(0x80);
      },
    ],
  ])("is refused by %s", async (_name, answer) => {
    const value = offer({
      value: octets(7),
      write: true,
      notify: true,
      permissions: all,
      onAuthorize: judge(answer),
    });
    expect(await client.ask("0a 0300")).toEqual(["010a030008"]);
    expect(await client.ask("12 0300 08")).toEqual(["0112030008"]);
    expect(await client.ask("12 0400 0100")).toEqual(["0112040008"]);
    expect(value.subscribers).toEqual([]);
    expect(value.value).toEqual(octets(7));
    expect(served.faults).toEqual([]);
  });

  it("is refused by a handler that fails, and the program is told", async () => {
    const fault = new Error("a mistake");
    offer({
      value: octets(7),
      permissions: { read: "authorized" },
      onAuthorize: () => Promise.reject(fault),
    });
    expect(await client.ask("0a 0300")).toEqual(["010a030008"]);
    expect(served.faults).toMatchObject([
      { message: "onAuthorize of characteristic 2a37: a mistake", cause: fault },
    ]);
  });

  it("is not asked for while the link is not secure enough", async () => {
    offer({
      value: octets(7),
      permissions: { read: { encrypted: true, authorized: true } },
      onAuthorize: judge(() => true),
    });
    expect(await client.ask("0a 0300")).toEqual(["010a030005"]);
    expect(asked).toEqual([]);
    security.encrypt();
    expect(await client.ask("0a 0300")).toEqual(["0b07"]);
    expect(asked).toHaveLength(1);
  });

  it("may take its time, and come when the client is gone", async () => {
    let answer: ((granted: boolean) => void) | undefined;
    const value = offer({
      value: octets(7),
      write: true,
      permissions: { write: "authorized" },
      onAuthorize: judge(() => new Promise((resolve) => (answer = resolve))),
    });
    expect(await client.ask("12 0300 c0ffee")).toEqual([]);
    answer?.(true);
    await settle();
    expect(client.channel.take()).toEqual(["13"]);
    expect(value.value).toEqual(octets(0xc0, 0xff, 0xee));
    client.send("12 0300 00");
    await settle();
    client.leave();
    answer?.(true);
    await settle();
    expect(client.channel.take()).toEqual([]);
  });

  it("is asked for commands one at a time, in their order, and no more than 65 of them wait", async () => {
    const answers: ((granted: boolean) => void)[] = [];
    const written: (number | undefined)[] = [];
    const value = offer({
      writeWithoutResponse: true,
      permissions: { write: "authorized" },
      onAuthorize: () => new Promise((resolve) => answers.push(resolve)),
    });
    value.on("written", ({ value: [first] }) => written.push(first));
    for (let n = 0; n < 200; n++) client.send(`52 0300 ${n.toString(16).padStart(2, "0")}`);
    for (let n = 0; n < 200; n++) {
      await settle();
      expect(answers.length).toBe(Math.min(n + 1, 65));
      answers[n]?.(n !== 3);
    }
    await settle();
    expect(written).toEqual(Array.from({ length: 65 }, (_, n) => n).filter((n) => n !== 3));
  });
});
