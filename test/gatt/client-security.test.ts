import { describe, expect, it } from "vitest";
import { AttError } from "../../src/att/error.ts";
import { ErrorCode } from "../../src/att/error-code.ts";
import { toHex } from "../../src/common/bytes.ts";
import { BleError } from "../../src/common/errors.ts";
import type { Done } from "../../src/common/procedure.ts";
import {
  lackOf,
  type LinkSecurity,
  type SecurityRequirement,
  type SecurityState,
  unprotected,
} from "../../src/common/security.ts";
import type { ClientParts } from "../../src/gatt/client-core.ts";
import { script, ScriptedServer } from "./scripted-server.ts";
import { errorOf, settle } from "./wire.ts";

class Refused extends BleError {
  readonly code = "REFUSED";
}

/** A link that becomes as secure as it is asked to, up to `best`; or later, when the test says so. */
class FakeSecurity implements LinkSecurity {
  readonly hasKey = false;
  state: SecurityState = unprotected;
  readonly asked: SecurityRequirement[] = [];
  readonly waiting: (() => void)[] = [];
  readonly #best: SecurityState;
  readonly #atOnce: boolean;

  constructor(best: Partial<SecurityState>, atOnce = true) {
    this.#best = { ...unprotected, encrypted: true, keySize: 16, ...best };
    this.#atOnce = atOnce;
  }

  raise(requirement: SecurityRequirement, done: Done<undefined>): void {
    this.asked.push(requirement);
    const finish = (): void => {
      this.state = this.#best;
      done(lackOf(this.state, requirement, true) === undefined ? undefined : new Refused("not today"));
    };
    if (this.#atOnce) finish();
    else this.waiting.push(finish);
  }

  onChange(): void {
    // the client asks when it needs to know
  }
}

/** A server that reads and writes its one characteristic only where the link is good enough. */
async function guarded(parts: ClientParts, refuse: () => ErrorCode | undefined) {
  const database = script({
    "06 0100": "07 0100 0400",
    "08 0200 0400 0328": "09 07 0200 3e 0300 372a",
    "04 0400 0400": "05 01 0400 0229",
  });
  let discovering = true;
  const answer = (request: string): string => {
    const status = refuse();
    const opcode = request.slice(0, 2);
    if (status !== undefined) return `01 ${opcode} 0300 ${toHex(Uint8Array.of(status))}`;
    return opcode === "0a"
      ? "0b 07"
      : opcode === "16"
        ? `17${request.slice(2)}`
        : opcode === "18"
          ? "19"
          : "13";
  };
  const server = new ScriptedServer(
    (request) => (discovering ? database(request) : answer(request)),
    23,
    parts,
  );
  const remote = await server.until(server.client.characteristic("180d", "2a37"));
  discovering = false;
  server.requests.length = 0;
  return { server, remote };
}

describe("GATT client: a server that wants more security (Vol 3, Part C, 10.3.2)", () => {
  it.each<readonly [string, ErrorCode, Partial<SecurityState>, SecurityRequirement]>([
    ["Insufficient Authentication", ErrorCode.InsufficientAuthentication, {}, { encrypted: true }],
    ["Insufficient Encryption", ErrorCode.InsufficientEncryption, {}, { encrypted: true }],
    ["Encryption Key Size Too Short", ErrorCode.EncryptionKeySizeTooShort, {}, { keySize: 16 }],
  ])("%s raises it once and asks again", async (_name, status, best, requirement) => {
    const security = new FakeSecurity(best);
    const { server, remote } = await guarded({ security }, () =>
      security.state.encrypted ? undefined : status,
    );
    expect(await server.until(remote.read())).toEqual(Uint8Array.of(7));
    expect(security.asked).toEqual([requirement]);
    expect(server.requests).toEqual(["0a0300", "0a0300"]);
  });

  it("goes on from an encrypted link to an authenticated one, each once", async () => {
    const security = new FakeSecurity({});
    const { server, remote } = await guarded({ security }, () =>
      security.state.authenticated ? undefined : ErrorCode.InsufficientAuthentication,
    );
    const error = await server.until(errorOf(remote.read()));
    expect(error).toMatchObject({ status: ErrorCode.InsufficientAuthentication, handle: 3 });
    expect((error as Error).cause).toBeInstanceOf(Refused);
    expect(security.asked).toEqual([{ encrypted: true }, { authenticated: true }]);
    expect(server.requests).toEqual(["0a0300", "0a0300"]);
  });

  it("does not ask for ever where the server is never content", async () => {
    const security = new FakeSecurity({ authenticated: true });
    const { server, remote } = await guarded({ security }, () => ErrorCode.InsufficientAuthentication);
    expect(await server.until(errorOf(remote.read()))).toBeInstanceOf(AttError);
    expect(security.asked).toEqual([{ encrypted: true }, { authenticated: true, secureConnections: true }]);
    expect(server.requests).toHaveLength(2);
  });

  it("goes on from an authenticated key of legacy pairing to one of LE Secure Connections, once (10.3.1)", async () => {
    const security = new FakeSecurity({ authenticated: true, secureConnections: true });
    security.state = { ...unprotected, encrypted: true, authenticated: true, keySize: 16 };
    const { server, remote } = await guarded({ security }, () =>
      security.state.secureConnections ? undefined : ErrorCode.InsufficientAuthentication,
    );
    expect(await server.until(remote.read())).toEqual(Uint8Array.of(7));
    expect(security.asked).toEqual([{ authenticated: true, secureConnections: true }]);
    expect(server.requests).toEqual(["0a0300", "0a0300"]);
  });

  it.each<readonly [string, ErrorCode]>([
    ["Insufficient Authorization", ErrorCode.InsufficientAuthorization],
    ["Read Not Permitted", ErrorCode.ReadNotPermitted],
  ])("%s is nothing that security mends", async (_name, status) => {
    const security = new FakeSecurity({});
    const { server, remote } = await guarded({ security }, () => status);
    expect(await server.until(errorOf(remote.read()))).toMatchObject({ status });
    expect(security.asked).toEqual([]);
  });

  it.each<readonly [string, ClientParts]>([
    ["switched off", { security: new FakeSecurity({}), raiseSecurity: "off" }],
    ["not there", {}],
  ])("is told the program where raising it is %s", async (_name, parts) => {
    const { server, remote } = await guarded(parts, () => ErrorCode.InsufficientEncryption);
    const error = await server.until(errorOf(remote.read()));
    expect(error).toMatchObject({ status: ErrorCode.InsufficientEncryption });
    expect(server.requests).toHaveLength(1);
  });

  it("serves writes, long writes and subscriptions too; a long write is not begun anew", async () => {
    const security = new FakeSecurity({});
    let refusals = 0;
    const { server, remote } = await guarded({ security }, () => {
      if (security.state.encrypted) return undefined;
      refusals++;
      return ErrorCode.InsufficientAuthentication;
    });
    await server.until(remote.write(new Uint8Array(30)));
    security.state = unprotected;
    await server.until(remote.write(new Uint8Array(2)));
    security.state = unprotected;
    await server.until(remote.subscribe());
    expect(refusals).toBe(3);
    const kinds = server.requests.map((request) => request.slice(0, 6));
    expect(kinds).toEqual(["160300", "160300", "160300", "1801", "120300", "120300", "120400", "120400"]);
  });

  it("an abort while the peers pair keeps the request from being sent again", async () => {
    const security = new FakeSecurity({}, false);
    const { server, remote } = await guarded({ security }, () => ErrorCode.InsufficientAuthentication);
    const abort = new AbortController();
    const reason = new Error("enough");
    const reading = errorOf(remote.read({ signal: abort.signal }));
    await server.clock.advance(1);
    expect(security.waiting).toHaveLength(1);
    abort.abort(reason);
    expect(await reading).toBe(reason);
    for (const finish of security.waiting) finish();
    await settle();
    expect(server.requests).toEqual(["0a0300"]);
  });

  it("is not met for what the client asks of itself: nobody pairs because services were looked for", async () => {
    const security = new FakeSecurity({});
    const answers = script({
      "10 0100 ffff 0028": "11 06 0100 0600 0118",
      "08 0100 ffff 0328": "09 07 0200 20 0300 052a 0500 0a 0600 292b",
      "04 0400": "05 01 0400 0229",
      "08 0100 ffff 292b": "01 08 0600 05",
    });
    const server = new ScriptedServer(
      (request) => {
        if (!request.startsWith("12")) return answers(request);
        return security.state.encrypted ? "13" : "01 12 0400 05";
      },
      23,
      { security },
    );
    const subscriptions = (): number => server.requests.filter((request) => request === "1204000200").length;
    await server.until(server.client.services());
    await server.until(server.client.services({ uuid: "180d" }));
    expect(subscriptions()).toBe(1);
    expect(security.asked).toEqual([]);
    security.raise({ encrypted: true }, () => undefined);
    server.client.core.catalogue.invalidate({ start: 7, end: 9 });
    await server.until(server.client.services());
    expect(subscriptions(), "on an encrypted link it may be had").toBe(2);
  });
});
