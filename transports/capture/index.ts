export { CaptureError } from "./error.ts";
export { readCapture, readCaptureFile } from "./open.ts";
export { btsnoopFormat } from "./btsnoop.ts";
export { pcapHciFormat, pcapLinkLayerFormat } from "./pcap.ts";
export type {
  CaptureFormat,
  CaptureRecord,
  HciPacket,
  HciRecord,
  LinkLayerDirection,
  LinkLayerPacket,
  LinkLayerRecord,
  Phy,
} from "./record.ts";
