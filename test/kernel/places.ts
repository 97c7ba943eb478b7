import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The folder of the repository, seen from where these files are once they are compiled: `dist/kernel/test/kernel`. */
export const repository: string = fileURLToPath(new URL("../../../../", import.meta.url));

/** Where these files are before they are compiled; scripts of other languages stay there. */
export const sources: string = join(repository, "test", "kernel");

/** Where they are once they are compiled, with the library beside them. */
export const compiled: string = join(repository, "dist", "kernel");

/** Where the kernel is kept between runs: about 25 MB. */
export function cacheFolder(): string {
  const { JELLING_KERNEL_CACHE, XDG_CACHE_HOME } = process.env;
  return JELLING_KERNEL_CACHE ?? join(XDG_CACHE_HOME ?? join(homedir(), ".cache"), "jelling-kernel");
}
