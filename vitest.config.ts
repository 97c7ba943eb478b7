import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  resolve: {
    // Examples import the package by its name; under test that means the sources.
    alias: [
      { find: /^jelling$/, replacement: new URL("src/index.ts", import.meta.url).pathname },
      {
        find: /^jelling\/virtual$/,
        replacement: new URL("transports/virtual/index.ts", import.meta.url).pathname,
      },
      { find: /^jelling\/trace$/, replacement: new URL("transports/trace.ts", import.meta.url).pathname },
      {
        find: /^jelling\/capture$/,
        replacement: new URL("transports/capture/index.ts", import.meta.url).pathname,
      },
    ],
  },
  test: { include: ["test/**/*.test.ts"], testTimeout: 30_000 },
});

export default config;
