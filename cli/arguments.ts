import { UsageError } from "./usage-error.ts";

/**
 * What `parseArgs` of Node has made of a command line.
 *
 * @throws {@link UsageError} It cannot be understood.
 */
export function understood<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // Behind the first sentence Node tells how to write what nobody wants to say here.
    throw new UsageError(error.message.split(/\.(?:\s|$)/)[0] ?? error.message, { cause: error });
  }
}
