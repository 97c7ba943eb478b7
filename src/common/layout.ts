import { createRequire } from "node:module";

/**
 * The package buffer-layout, on which struct.ts stands (docs/decisions/001-dependencies.md).
 *
 * An import statement would first have Node look for the names that a CommonJS module exports, for 13 ms.
 */
export const bufferLayout: typeof import("buffer-layout") = createRequire(import.meta.url)(
  "buffer-layout",
) as typeof import("buffer-layout");
