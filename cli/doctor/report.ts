import type { Finding, Verdict } from "./finding.ts";

const headings: Readonly<Record<Finding["about"], string>> = {
  adapters: "Bluetooth adapters",
  privileges: "Rights",
  serial: "Serial ports",
  packages: "npm packages",
  probe: "What answers",
};

const marks: Readonly<Record<Verdict, string>> = { ok: "ok  ", note: "-   ", problem: "!!  " };

/** Whether nothing has to be mended. */
export function isHealthy(findings: readonly Finding[]): boolean {
  return findings.every(({ verdict }) => verdict !== "problem");
}

/** The findings as lines for people. */
export function* report(findings: readonly Finding[]): Generator<string> {
  for (const [about, heading] of Object.entries(headings)) {
    const here = findings.filter((finding) => finding.about === about);
    if (here.length === 0) continue;
    yield heading;
    for (const { verdict, text, mend } of here) {
      yield `  ${marks[verdict]}${text}`;
      if (mend !== undefined) yield `      mend: ${mend}`;
    }
  }
  yield "";
  const problems = findings.filter(({ verdict }) => verdict === "problem").length;
  if (problems === 0) yield "Nothing has to be mended.";
  else
    yield `${problems === 1 ? "One thing has" : `${problems} things have`} to be mended: see the lines with !!.`;
}
