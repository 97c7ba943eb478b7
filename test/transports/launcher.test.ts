import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const launcher = fileURLToPath(new URL("../../transports/launcher/hci-launch.py", import.meta.url));
/** A controller that no computer has, so that the test takes nobody's. */
const nobodys = "hci65000";

function launch(...args: string[]) {
  const { status, stdout, stderr } = spawnSync("python3", [launcher, ...args], { encoding: "utf8" });
  return { status, stdout, stderr };
}

const hasPython = spawnSync("python3", ["--version"]).status === 0;

describe.skipIf(!hasPython)("The launcher (skipped without python3)", () => {
  it("tells what it is for and how it is called", () => {
    expect(launch("--help")).toMatchObject({ status: 0, stderr: "" });
    expect(launch("--help").stdout).toContain('Host.open("fd:3")');
  });

  it("runs nothing where there is no such controller, and says what to do", () => {
    const { status, stdout, stderr } = launch("--device", nobodys, "--", "echo", "running");
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(
      /^hci-launch: hci65000: .*; (there is no such|this kernel has no|it needs root).*\n$/,
    );
  });

  it("refuses a command line that is wrong", () => {
    for (const args of [
      ["--device", "ttyS0", "--", "echo"],
      ["--device", "hci65535", "--", "echo"],
      ["--fd", "2", "--", "echo"],
      [],
    ]) {
      expect(launch(...args).status).toBe(2);
    }
  });

  it("has reads end in either form that Linux has for the time: C's long of 64 bits, or a time of its own", () => {
    const code = [
      "import runpy, socket, sys",
      "launcher = runpy.run_path(sys.argv[1])",
      "for number in (socket.SO_RCVTIMEO, 66):",
      "    socket.SO_RCVTIMEO = number",
      "    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:",
      "        launcher['limit_reads'](probe)",
      "        probe.bind('')",
      "        try: probe.recv(1)",
      "        except BlockingIOError: print('came back')",
    ].join("\n");
    const { stdout, stderr } = spawnSync("python3", ["-c", code, launcher], { encoding: "utf8" });
    expect([stdout, stderr]).toEqual(["came back\ncame back\n", ""]);
  });

  it("has a unit of systemd that is the one in docs/raspberry-pi.md", () => {
    const unit = readFileSync(new URL("../../transports/launcher/jelling.service", import.meta.url), "utf8");
    const page = readFileSync(new URL("../../docs/raspberry-pi.md", import.meta.url), "utf8");
    expect(page).toContain(unit);
  });
});
