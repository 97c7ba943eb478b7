import { LineWriter, type Streams } from "../streams.ts";
import { UsageError } from "../usage-error.ts";
import { lookAtAdapters } from "./adapters.ts";
import type { Finding } from "./finding.ts";
import { lookLive } from "./live-probe.ts";
import { type DoctorOptions, doctorHelp, parseDoctorOptions } from "./options.ts";
import { lookAtPackages } from "./packages.ts";
import { lookAtPrivileges } from "./privileges.ts";
import { isHealthy, report } from "./report.ts";
import { lookAtSerialPorts } from "./serial-ports.ts";
import { Files, type Surroundings } from "./surroundings.ts";
import { thisComputer } from "./this-computer.ts";

/**
 * `jelling doctor`: looks at what Bluetooth needs on a computer, and says what mends it.
 *
 * @param surroundings - The computer.
 * @returns The exit status; see {@link doctorHelp}.
 * @throws {@link UsageError} The arguments cannot be understood.
 */
export async function runDoctor(
  args: readonly string[],
  streams: Pick<Streams, "stdout">,
  surroundings: Surroundings = thisComputer,
): Promise<number> {
  const options = parseDoctorOptions(args);
  const out = new LineWriter(streams.stdout);
  if (options === "help") {
    await out.line(doctorHelp.trimEnd());
    await out.flush();
    return 0;
  }
  const findings = await examine(options, surroundings);
  const healthy = isHealthy(findings);
  const lines = options.json ? [JSON.stringify({ healthy, findings })] : report(findings);
  for (const line of lines) await out.line(line);
  await out.flush();
  return healthy ? 0 : 1;
}

async function examine(options: DoctorOptions, surroundings: Surroundings): Promise<readonly Finding[]> {
  const files = new Files(surroundings.root);
  const findings: Finding[] =
    surroundings.platform === "linux"
      ? [
          ...lookAtAdapters(files),
          ...lookAtPrivileges(files, surroundings),
          ...lookAtSerialPorts(files, surroundings),
        ]
      : [notLinux(surroundings.platform)];
  findings.push(...(await lookAtPackages(files, surroundings)));
  for (const name of options.probe) {
    try {
      findings.push(await lookLive(name, surroundings));
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      throw new UsageError(`--probe: ${error.message}`, { cause: error });
    }
  }
  return findings;
}

function notLinux(platform: string): Finding {
  return {
    about: "adapters",
    verdict: "note",
    text: `adapters of ${platform} belong to the system; jelling uses serial ports and USB devices there, and TCP`,
  };
}
