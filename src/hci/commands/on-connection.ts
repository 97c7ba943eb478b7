import { type Fields, u16 } from "../../common/struct.ts";

/** Parameters, or return parameters, that name one connection and nothing else. Vol 4, Part E, 5.3. */
export interface OnConnection {
  /** Connection_Handle, 0x0000 to 0x0eff. */
  readonly connectionHandle: number;
}

/** The layout of {@link OnConnection}. */
export const onConnection: Fields<OnConnection> = { connectionHandle: u16 };
