import type { ReadableStream, WritableStream, WritableStreamDefaultController } from "node:stream/web";
import type { CallOptions } from "../common/promised.ts";
import { requireOctets } from "./channel-sender.ts";

/** What streams need of a channel. */
export interface StreamedChannel {
  /** The most octets of an SDU that the peer receives. */
  readonly peerMtu: number;
  /** Resolves when the channel has closed, for whatever reason. */
  readonly closed: Promise<Error>;
  send(sdu: Uint8Array, options?: CallOptions): Promise<void>;
  /** The next SDU received; done when either side has closed the channel in the regular way. */
  next(): Promise<IteratorResult<Uint8Array, undefined>>;
  /** Closes the channel once what was given to {@link send} is on its way; fails when that could not be sent. */
  finish(): Promise<void>;
  /** Closes the channel at once. */
  abort(): Promise<void>;
}

/** Each SDU as a chunk. Nothing is taken ahead, so that credits go back as the reader reads. */
export function readableOf(channel: StreamedChannel): ReadableStream<Uint8Array> {
  return new globalThis.ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await channel.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: () => channel.abort(),
    },
    { highWaterMark: 0 },
  );
}

/** Node 20 has it, its types have not: aborted when the stream is, which else waits for the write under way. */
type Abortable = WritableStreamDefaultController & { readonly signal: AbortSignal };

/** Each chunk as SDUs, as few as it fits. */
export function writableOf(channel: StreamedChannel): WritableStream<Uint8Array> {
  return new globalThis.WritableStream<Uint8Array>({
    start(controller) {
      // A writer that is between two writes, or waits to be told that there is room, learns it too.
      void channel.closed.then((reason) => {
        controller.error(reason);
      });
    },
    async write(chunk, controller) {
      try {
        await sendChunk(channel, chunk, { signal: (controller as Abortable).signal });
      } catch (error) {
        // Nothing can be written any more: the peer must not wait for it, and the stream does not abort by itself. It errs
        // with this, and not with the end of the channel that comes of it.
        controller.error(error);
        void channel.abort();
        throw error;
      }
    },
    close: () => channel.finish(),
    abort: () => channel.abort(),
  });
}

/**
 * Sends octets as SDUs of the size that the peer receives, the last with what is left; nothing for no octets.
 *
 * @throws {@link TypeError} The chunk is no Uint8Array.
 */
export async function sendChunk(
  channel: StreamedChannel,
  chunk: Uint8Array,
  options?: CallOptions,
): Promise<void> {
  requireOctets("chunk", chunk);
  for (let at = 0; at < chunk.length;) {
    const end = at + channel.peerMtu; // read anew for each: the peer may raise it meanwhile
    await channel.send(at === 0 && end >= chunk.length ? chunk : chunk.subarray(at, end), options);
    at = end;
  }
}
