import { createHash } from "node:crypto";
import { toHex } from "../../src/common/bytes.ts";
import {
  BleError,
  type Channel,
  type ChannelListener,
  type Clock,
  type Connection,
} from "../../src/index.ts";
import type { Report } from "./events.ts";

/** Where the belt takes uploads. */
export const uploadSpsm = 0x80;
/** How many octets make an upload: 1 MiB. */
const uploadOctets = 1_048_576;

/** What uploading needs. */
export interface UploadOptions {
  readonly clock: Clock;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** Takes what centrals upload, one after the other, and answers each with its SHA-256, until the host closes. */
export async function takeUploads(listener: ChannelListener): Promise<void> {
  try {
    for await (const channel of listener) await takeUpload(channel);
  } catch (error) {
    if (!(error instanceof BleError)) throw error; // whoever uploads learns of it too
  }
}

async function takeUpload(channel: Channel): Promise<void> {
  const hash = createHash("sha256");
  let octets = 0;
  for await (const sdu of channel) {
    hash.update(sdu);
    octets += sdu.length;
    if (octets < uploadOctets) continue;
    await channel.send(hash.digest());
    break;
  }
  await channel.closed;
}

/** Sends octets that stand for new firmware through a channel, and compares what the belt says of them. */
export async function uploadTo(
  connection: Connection,
  { clock, report, signal }: UploadOptions,
): Promise<void> {
  await using channel = await connection.openChannel({ spsm: uploadSpsm, signal });
  const { spsm, peerMtu, peerMps, credits } = channel;
  report({ event: "channel", spsm, peerMtu, peerMps, credits });
  const firmware = Uint8Array.from({ length: uploadOctets }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
  const began = clock.now();
  let sdus = 0;
  for (let at = 0; at < firmware.length; at += peerMtu, sdus++) {
    await channel.send(firmware.subarray(at, at + peerMtu), { signal });
  }
  const { value: digest } = await channel[Symbol.asyncIterator]().next();
  const sha256 = createHash("sha256").update(firmware).digest("hex");
  report({
    event: "uploaded",
    octets: firmware.length,
    sdus,
    milliseconds: Math.round(clock.now() - began),
    sha256,
    intact: digest !== undefined && toHex(digest) === sha256,
  });
}
