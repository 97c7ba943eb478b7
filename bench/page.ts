import { readFile, writeFile } from "node:fs/promises";

/**
 * Puts Markdown between the marks `<!-- bench NAME: begin -->` and `<!-- bench NAME: end -->` of a file, in place of what
 * stands there.
 *
 * @throws {@link Error} The file has no such marks.
 */
export async function insertInto(file: string, name: string, markdown: string): Promise<void> {
  const begin = `<!-- bench ${name}: begin -->`;
  const end = `<!-- bench ${name}: end -->`;
  const text = await readFile(file, "utf8");
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${file} has no ${begin} with ${end} behind it`);
  await writeFile(file, `${text.slice(0, from + begin.length)}\n\n${markdown}\n${text.slice(to)}`);
}
