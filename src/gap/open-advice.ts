import { CommandTimeoutError } from "../hci/error.ts";

/** Of these kinds of transport `jelling doctor` finds out more. */
const probed = /^(hci|serial|usb|tcp|unix):/;

/** An error of opening, with what to do about it where the name of the transport tells. */
export function withAdvice(error: unknown, name: unknown): unknown {
  if (!(error instanceof CommandTimeoutError) || typeof name !== "string" || !probed.test(name)) return error;
  const doctor = `"jelling doctor --probe ${name}" tells more`;
  const advice = name.startsWith("serial:") ? `is this the baud rate of the controller? ${doctor}` : doctor;
  return new CommandTimeoutError(error.opcode, { cause: error }, advice);
}
