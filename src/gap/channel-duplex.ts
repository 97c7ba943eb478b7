import type { Duplex } from "node:stream";
import { ChannelClosedError } from "../l2cap/error.ts";
import { sendChunk, type StreamedChannel } from "./channel-streams.ts";

/**
 * A channel as a stream of Node: octets without the boundaries of SDUs.
 *
 * L2CAP closes both directions at once, so the end of one is the end of the other: `allowHalfOpen` is off.
 */
export function duplexOf(channel: StreamedChannel): Duplex {
  // Not imported at the top: most programs never ask for one, and all would pay for it as they start.
  const { Duplex } = process.getBuiltinModule("node:stream");
  const duplex = new Duplex({
    allowHalfOpen: false,
    read() {
      channel.next().then(
        ({ done, value }) => {
          this.push(done ? null : value);
        },
        (error: unknown) => {
          this.destroy(asError(error));
        },
      );
    },
    write(chunk: Uint8Array, _encoding, callback) {
      settle(sendChunk(channel, chunk), callback);
    },
    final(callback) {
      settle(channel.finish(), callback);
    },
    destroy(error, callback) {
      settle(channel.abort(), (failure) => {
        callback(error ?? failure ?? null);
      });
    },
  });
  void channel.closed.then((reason) => {
    // The end of a channel is read in its order; a link that is gone is told at once, as a socket tells it. But one
    // that nobody uses at the moment is no reason to end the program.
    if (reason instanceof ChannelClosedError) return;
    duplex.destroy(duplex.listenerCount("error") > 0 ? reason : undefined);
  });
  return duplex;
}

function settle(promise: Promise<void>, callback: (error?: Error) => void): void {
  promise.then(
    () => {
      callback();
    },
    (error: unknown) => {
      callback(asError(error));
    },
  );
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error), { cause: error });
}
