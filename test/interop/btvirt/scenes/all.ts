import type { Script } from "../script.ts";
import { advertisingScripts } from "./advertising.ts";
import { connectingScripts } from "./connecting.ts";
import { controllerScripts } from "./controller.ts";
import { extendedScripts } from "./extended.ts";
import { linkScripts } from "./link.ts";
import { privacyScripts } from "./privacy.ts";

/** Everything that both radios are asked. */
export const scripts: readonly Script[] = [
  ...controllerScripts,
  ...advertisingScripts,
  ...connectingScripts,
  ...linkScripts,
  ...extendedScripts,
  ...privacyScripts,
];
