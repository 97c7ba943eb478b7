import { defineConfig, type ViteUserConfig } from "vitest/config";

function alias(name: string, file: string): { find: RegExp; replacement: string } {
  return { find: new RegExp(`^${name}$`), replacement: new URL(file, import.meta.url).pathname };
}

const config: ViteUserConfig = defineConfig({
  resolve: {
    // Examples import the package by its name; under test that means the sources.
    alias: [
      alias("jelling", "src/index.ts"),
      alias("jelling/virtual", "transports/virtual/index.ts"),
      alias("jelling/trace", "transports/trace.ts"),
      alias("jelling/capture", "transports/capture/index.ts"),
      alias("jelling/profiles", "src/profiles/index.ts"),
      alias("jelling/micropython", "src/micropython/index.ts"),
      alias("jelling/names", "src/common/assigned-names.ts"),
      alias("jelling/testing", "testing/index.ts"),
      ...["hci-socket", "fd", "tcp", "unix", "replay", "serial", "usb", "probe"].map((name) =>
        alias(`jelling/${name}`, `transports/${name}.ts`),
      ),
    ],
  },
  test: { include: ["test/**/*.test.ts"], testTimeout: 30_000 },
});

export default config;
