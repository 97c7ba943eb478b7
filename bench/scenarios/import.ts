import { measureOnce } from "../measurement.ts";
import type { Run } from "../scenario.ts";

/** Loads the package, all of its modules, in a process that has loaded none of them. */
export const importPackage: Run = () => measureOnce(() => import("jelling"));
