import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";
import { describe, expect, it } from "vitest";

const page = new URL("../../docs/testing.md", import.meta.url);
const programs = ["codec.ts", "peripheral.ts", "host.ts"];
/** Whether the page is to be written anew, as for the other pages that are made in part. */
const writes = process.env["JELLING_WRITE_DOCS"] !== undefined;

/** A program as a reader would write it, who has the package and not its sources. */
async function shown(file: string): Promise<string> {
  const filepath = fileURLToPath(new URL(`documented/${file}`, import.meta.url));
  const source = readFileSync(filepath, "utf8")
    .replace('"../../../src/index.ts"', '"jelling"')
    .replace('"../../../testing/index.ts"', '"jelling/testing"')
    .replace('"../../../transports/virtual/index.ts"', '"jelling/virtual"');
  return format(source, { ...(await resolveConfig(filepath)), filepath });
}

describe("docs/testing.md", () => {
  it.each(programs)("shows %s as it is", async (file) => {
    const block = new RegExp(
      `(?<=<!-- ${file} -->\n\n)(?:\`\`\`ts\n.*?\`\`\`\n)?(?=\n?<!-- /${file} -->)`,
      "s",
    );
    const should = `\`\`\`ts\n${await shown(file)}\`\`\`\n`;
    const text = readFileSync(page, "utf8");
    if (writes) writeFileSync(page, text.replace(block, () => `${should}\n`).replaceAll("\n\n\n", "\n\n"));
    expect(block.exec(readFileSync(page, "utf8"))?.[0]).toBe(should);
  });

  it.each(programs)(
    "shows %s in thirty lines, and it finds nothing wrong with what is right",
    async (file) => {
      expect((await shown(file)).trimEnd().split("\n").length).toBeLessThanOrEqual(30);
      await import(new URL(`documented/${file}`, import.meta.url).href);
    },
  );

  it("shows no other programs", () => {
    expect(readFileSync(page, "utf8").match(/```ts/g)).toHaveLength(programs.length);
  });
});
