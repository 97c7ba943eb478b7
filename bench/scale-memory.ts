/**
 * Octets that are in use once everything has been collected that can be: on the heap of this thread and in its array
 * buffers. The process needs `--expose-gc`.
 */
export async function collected(): Promise<number> {
  const { gc } = globalThis;
  if (!gc) throw new Error("memory is measured with node --expose-gc");
  for (let i = 0; i < 3; i++) {
    gc();
    // What was held by a turn that has ended, or by a finalizer, is free only in the next.
    await new Promise(setImmediate);
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
