import { BleError } from "../../src/common/errors.ts";

/** A capture file that is cut short, damaged, or of a kind that cannot be read. */
export class CaptureError extends BleError {
  readonly code = "CAPTURE";
  /** The file format, such as `btsnoop`. */
  readonly format: string;
  /** Where the header, record or block that could not be read begins, in octets from the start of the file. */
  readonly offset: number;

  constructor(format: string, offset: number, why: string, options?: ErrorOptions) {
    super(`${format}, octet ${offset}: ${why}`, options);
    this.format = format;
    this.offset = offset;
  }
}
