import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type Channel, type Host } from "../../../src/index.ts";
import { connectToBluez } from "../guest/bluez-peripheral.ts";
import type { Stage } from "../guest/stage.ts";
import { within } from "../guest/until.ts";
import { sources } from "../places.ts";
import type { Scenario } from "../scenario.ts";

const spsm = 0x81;
/** What l2test puts behind its number and length. */
const filler = 0x7f;
const header = 6;
const frames = 40;
const frameSize = 500;
const large = 128 * 1024;

/** The two kinds of credit-based channels. */
const kinds = [
  { enhanced: false, suffix: "", says: "a credit-based channel" },
  { enhanced: true, suffix: "-enhanced", says: "an enhanced credit-based channel" },
] as const;

/** Credit-based channels to the kernel's own L2CAP. */
export const channels: readonly Scenario[] = [
  {
    name: "channel-from-l2test",
    says: "l2test connects to our listener and sends: every SDU is whole and in its place",
    core: true,
    play: async (stage) => {
      const host = await stage.host();
      const accepted = acceptOne(host);
      await host.advertise();
      const l2test = run(stage, "l2test", [...l2testOptions("-s"), address(host)]);
      const channel = await within("a channel from l2test", accepted);
      let number = 0;
      for await (const sdu of channel) {
        assert.equal(sdu.length, frameSize);
        const view = new DataView(sdu.buffer, sdu.byteOffset);
        assert.deepEqual([view.getUint32(0, true), view.getUint16(4, true)], [number, frameSize]);
        assert.ok(sdu.subarray(header).every((octet) => octet === filler));
        if (++number === frames) break;
      }
      stage.note(`MPS ${channel.peerMps} there, ${channel.mps} here`);
      assert.equal(await within("the end of l2test", l2test.ended), 0);
    },
  },
  {
    name: "channel-to-l2test",
    says: "l2test listens; we connect and send: it finds nothing wrong",
    core: true,
    play: async (stage) => {
      const host = await stage.host();
      const l2test = run(stage, "l2test", l2testOptions("-r"));
      await within("l2test listening", l2test.said(/Waiting for connection/));
      const connection = await connectToBluez(stage.bluez, host);
      const channel = await connection.openChannel({ spsm });
      for (let number = 0; number < frames; number++) {
        const sdu = new Uint8Array(frameSize).fill(filler);
        const view = new DataView(sdu.buffer);
        view.setUint32(0, number, true);
        view.setUint16(4, frameSize, true);
        await channel.send(sdu);
      }
      await channel[Symbol.asyncDispose]();
      await within("l2test seeing the end", l2test.said(/Disconnect/));
      assert.doesNotMatch(l2test.output(), /[Ii]nvalid|missed|corrupt/);
      assert.equal([...l2test.output().matchAll(new RegExp(`\\b${frameSize} bytes`, "g"))].length, frames);
      await connection.disconnect();
    },
  },
  ...kinds.map(({ enhanced, suffix, says }): Scenario => ({
    name: `channel-large-from-kernel${suffix}`,
    says: `A kernel socket opens ${says}; 128 KiB go both ways at once, with checksums`,
    core: !enhanced,
    play: async (stage) => {
      const host = await stage.host();
      const accepted = acceptOne(host);
      await host.advertise();
      const peer = await kernelSocket(stage, "connect", enhanced, address(host));
      const channel = await within("a channel from the kernel", accepted);
      assert.equal(channel.enhanced, enhanced);
      await exchange(stage, channel, peer);
    },
  })),
  ...kinds.map(({ enhanced, suffix, says }): Scenario => ({
    name: `channel-large-to-kernel${suffix}`,
    says: `We open ${says} to a kernel socket; 128 KiB go both ways at once, with checksums`,
    play: async (stage) => {
      const host = await stage.host();
      const peer = await kernelSocket(stage, "listen", enhanced);
      await within("a kernel socket that listens", peer.said(/listening/));
      const connection = await connectToBluez(stage.bluez, host);
      await exchange(stage, await connection.openChannel({ spsm, mtu: 1000, enhanced }), peer);
      await connection.disconnect();
    },
  })),
];

function l2testOptions(mode: "-s" | "-r"): string[] {
  const common = ["-i", "hci0", "-V", "le_public", "-P", String(spsm), "-b", String(frameSize)];
  return mode === "-s" ? [mode, ...common, "-N", String(frames)] : [mode, ...common, "-I", "1000"];
}

/** A program with a socket of the kernel's, which sends and receives. @param to - Whom it connects to. */
async function kernelSocket(
  stage: Stage,
  how: "listen" | "connect",
  enhanced: boolean,
  ...to: string[]
): Promise<Program> {
  if (enhanced) await stage.enableEnhancedChannels();
  const mode = enhanced ? "enhanced" : "plain";
  const size = String(large);
  const script = join(sources, "guest/l2cap_peer.py");
  return run(stage, "/usr/bin/python3", [script, how, mode, String(spsm), size, size, ...to]);
}

/** As tools of the kernel take it: without its type. */
function address(host: Host): string {
  return host.address.toString().slice(0, 17);
}

async function acceptOne(host: Host): Promise<Channel> {
  for await (const channel of host.listen({ spsm })) return channel;
  throw new Error("nobody has come");
}

/** The octets that both sides send. */
function octets(): Uint8Array {
  return Uint8Array.from({ length: large }, (_, at) => {
    const place = at % 65536;
    return (place * 7 + (place >> 8)) & 0xff;
  });
}

/** Sends and receives at once; both sides must have got the same. */
async function exchange(stage: Stage, channel: Channel, peer: Program): Promise<void> {
  const data = octets();
  const began = performance.now();
  const sending = (async () => {
    for (let at = 0; at < large; at += channel.peerMtu) {
      await channel.send(data.subarray(at, Math.min(at + channel.peerMtu, large)));
    }
  })();
  const digest = createHash("sha256");
  let received = 0;
  for await (const sdu of channel) {
    digest.update(sdu);
    received += sdu.length;
    if (received >= large) break;
  }
  await sending;
  await within("the checksum of the other side", peer.said(/sha256/));
  const sum = createHash("sha256").update(data).digest("hex");
  assert.equal(received, large);
  assert.equal(digest.digest("hex"), sum, "what came here");
  assert.match(peer.output(), new RegExp(sum), "what came there");
  stage.note(`${Math.round((2 * large) / (performance.now() - began))} kB/s both ways together`);
  peer.finish();
  assert.equal(await within("the end of the other side", peer.ended), 0);
}

/** A program of the kernel's side, and what it says. */
interface Program {
  readonly ended: Promise<unknown>;
  /** Waits until it has said something. */
  said(what: RegExp): Promise<void>;
  output(): string;
  /** Ends its input. */
  finish(): void;
}

function run(stage: Stage, program: string, parameters: readonly string[]): Program {
  const child: ChildProcess = spawn(program, parameters, { stdio: ["pipe", "pipe", "pipe"] });
  let output = "";
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    createInterface(stream).on("line", (line) => {
      output += `${line}\n`;
      for (const listener of [...listeners]) listener();
    });
  }
  const ended = once(child, "close").then(([status]: unknown[]) => status);
  stage.own({
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended;
    },
  });
  return {
    ended,
    said: (what) =>
      new Promise((resolve, reject) => {
        void ended.then(() => reject(new Error(`${program} has ended: ${output}`)));
        const look = (): void => {
          if (!what.test(output)) return;
          listeners.delete(look);
          resolve();
        };
        listeners.add(look);
        look();
      }),
    output: () => output,
    finish: () => child.stdin?.end(),
  };
}
