import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";

/** Whether parts of the documentation that are measured are to be written anew. */
const writes = process.env["JELLING_WRITE_DOCS"] !== undefined;

/**
 * What docs/virtual-radio.md says between `<!-- NAME: ... -->` and `<!-- /NAME -->`, and what it should say.
 *
 * With JELLING_WRITE_DOCS=1 it is written there first, so that both are the same.
 */
export async function documented(
  name: string,
  markdown: string,
): Promise<{ readonly is: string; readonly should: string }> {
  const path = fileURLToPath(new URL("../../docs/virtual-radio.md", import.meta.url));
  const should = (await format(markdown, { ...(await resolveConfig(path)), filepath: path })).trim();
  const text = await readFile(path, "utf8");
  const [begin = ""] = new RegExp(`<!-- ${name}: [^>]*-->`).exec(text) ?? [];
  const from = text.indexOf(begin) + begin.length;
  const to = text.indexOf(`<!-- /${name} -->`);
  if (begin === "" || to < from) throw new Error(`${path} has no place for ${name}`);
  if (!writes) return { is: text.slice(from, to).trim(), should };
  await writeFile(path, `${text.slice(0, from)}\n\n${should}\n\n${text.slice(to)}`);
  return { is: should, should };
}
