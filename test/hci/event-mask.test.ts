import { describe, expect, it } from "vitest";
import { eventMask, eventMaskPage2, leEventMask } from "../../src/hci/event-mask.ts";
import { events } from "../../src/hci/events/registry.ts";

/** From the tables of the specification, by the names of the events: which bit asks for which. */
const pageOne: Readonly<Record<string, number>> = {
  HCI_Disconnection_Complete: 4,
  HCI_Encryption_Change: 7,
  HCI_Read_Remote_Version_Information_Complete: 11,
  HCI_Hardware_Error: 15,
  HCI_Data_Buffer_Overflow: 25,
  HCI_Encryption_Key_Refresh_Complete: 47,
};
const pageTwo: Readonly<Record<string, number>> = {
  HCI_Authenticated_Payload_Timeout_Expired: 23,
  HCI_Encryption_Change_V2: 25,
};
const le: readonly (readonly [bit: number, code: number, name: string])[] = [
  [0, 0x01, "HCI_LE_Connection_Complete"],
  [1, 0x02, "HCI_LE_Advertising_Report"],
  [2, 0x03, "HCI_LE_Connection_Update_Complete"],
  [3, 0x04, "HCI_LE_Read_Remote_Features_Complete"],
  [4, 0x05, "HCI_LE_Long_Term_Key_Request"],
  [5, 0x06, "HCI_LE_Remote_Connection_Parameter_Request"],
  [6, 0x07, "HCI_LE_Data_Length_Change"],
  [7, 0x08, "HCI_LE_Read_Local_P-256_Public_Key_Complete"],
  [8, 0x09, "HCI_LE_Generate_DHKey_Complete"],
  [9, 0x0a, "HCI_LE_Enhanced_Connection_Complete"],
  [10, 0x0b, "HCI_LE_Directed_Advertising_Report"],
  [11, 0x0c, "HCI_LE_PHY_Update_Complete"],
  [12, 0x0d, "HCI_LE_Extended_Advertising_Report"],
  [16, 0x11, "HCI_LE_Scan_Timeout"],
  [17, 0x12, "HCI_LE_Advertising_Set_Terminated"],
  [18, 0x13, "HCI_LE_Scan_Request_Received"],
  [19, 0x14, "HCI_LE_Channel_Selection_Algorithm"],
];
const normal = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, "");
const named = (name: string): { code: number; subevent: number | undefined } | undefined =>
  events.find((event) => normal(event.name) === normal(name));

describe("HCI_Set_Event_Mask (Vol 4, Part E, 7.3.1)", () => {
  it.each(Object.entries(pageOne))("asks for %s with bit %i", (name, bit) => {
    expect(named(name)).toBeDefined();
    expect(eventMask([named(name)!])).toBe(1n << BigInt(bit));
    expect(eventMaskPage2([named(name)!])).toBe(0n);
  });

  it("asks for all LE events with bit 61", () => {
    expect(eventMask(le.map(([, subevent]) => ({ code: 0x3e, subevent })))).toBe(0x2000_0000_0000_0000n);
  });

  it("sets no bit for nothing", () => {
    expect(eventMask([])).toBe(0n);
  });
});

describe("HCI_Set_Event_Mask_Page_2 (Vol 4, Part E, 7.3.69)", () => {
  it.each(Object.entries(pageTwo))("asks for %s with bit %i, which page 1 has not", (name, bit) => {
    expect(named(name)).toBeDefined();
    expect(eventMaskPage2([named(name)!])).toBe(1n << BigInt(bit));
    expect(eventMask([named(name)!])).toBe(0n);
  });
});

describe("HCI_LE_Set_Event_Mask (Vol 4, Part E, 7.8.1)", () => {
  it.each(le)("asks with bit %i for subevent %i, %s", (bit, subevent, name) => {
    expect(named(name)?.subevent).toBe(subevent);
    expect(leEventMask([{ code: 0x3e, subevent }], 0x0d)).toBe(1n << BigInt(bit));
  });

  it("sets no bit for events that are not of LE", () => {
    expect(leEventMask([{ code: 0x05, subevent: undefined }], 0x0d)).toBe(0n);
  });

  it.each([
    ["before 4.0", 0x05, 0x1fn],
    ["4.0", 0x06, 0x1fn],
    ["4.1", 0x07, 0x3fn],
    ["4.2", 0x08, 0x7ffn],
    ["5.0", 0x09, 0xf_ffffn],
    ["5.1", 0x0a, 0xff_ffffn],
    ["5.2", 0x0b, 0x3_ffff_ffffn],
    ["5.3", 0x0c, 0x7_ffff_ffffn],
    ["5.4", 0x0d, 0x1ff_ffff_ffffn],
    ["a later version", 0x0e, 0xffff_ffff_ffff_ffffn],
  ])("sets no bit that is reserved in the controller's version: %s", (_, version, all) => {
    const everything = Array.from({ length: 64 }, (_, at) => ({ code: 0x3e, subevent: at + 1 }));
    expect(leEventMask(everything, version)).toBe(all);
  });
});
