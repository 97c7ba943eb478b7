import { describe, expect, it } from "vitest";
import type { Event } from "../../src/hci/event.ts";
import { CommandComplete, CommandStatus, NumberOfCompletedPackets } from "../../src/hci/events/flow.ts";
import { events } from "../../src/hci/events/registry.ts";
import { EventMasks } from "../../transports/virtual/event-masks.ts";

type Page = "events" | "page 2" | "LE";

/** Name, page and bit of every event that can be masked. Vol 4, Part E, 7.3.1, 7.3.69 and 7.8.1. */
const bits: readonly (readonly [name: string, page: Page, bit: number])[] = [
  ["HCI_Disconnection_Complete", "events", 4],
  ["HCI_Encryption_Change", "events", 7],
  ["HCI_Read_Remote_Version_Information_Complete", "events", 11],
  ["HCI_Hardware_Error", "events", 15],
  ["HCI_Data_Buffer_Overflow", "events", 25],
  ["HCI_Encryption_Key_Refresh_Complete", "events", 47],
  ["HCI_Authenticated_Payload_Timeout_Expired", "page 2", 23],
  ["HCI_Encryption_Change [v2]", "page 2", 25],
  ["HCI_LE_Connection_Complete", "LE", 0],
  ["HCI_LE_Advertising_Report", "LE", 1],
  ["HCI_LE_Connection_Update_Complete", "LE", 2],
  ["HCI_LE_Read_Remote_Features_Complete", "LE", 3],
  ["HCI_LE_Long_Term_Key_Request", "LE", 4],
  ["HCI_LE_Remote_Connection_Parameter_Request", "LE", 5],
  ["HCI_LE_Data_Length_Change", "LE", 6],
  ["HCI_LE_Read_Local_P-256_Public_Key_Complete", "LE", 7],
  ["HCI_LE_Generate_DHKey_Complete", "LE", 8],
  ["HCI_LE_Enhanced_Connection_Complete", "LE", 9],
  ["HCI_LE_Directed_Advertising_Report", "LE", 10],
  ["HCI_LE_PHY_Update_Complete", "LE", 11],
  ["HCI_LE_Extended_Advertising_Report", "LE", 12],
  ["HCI_LE_Periodic_Advertising_Sync_Established", "LE", 13],
  ["HCI_LE_Periodic_Advertising_Report", "LE", 14],
  ["HCI_LE_Periodic_Advertising_Sync_Lost", "LE", 15],
  ["HCI_LE_Scan_Timeout", "LE", 16],
  ["HCI_LE_Advertising_Set_Terminated", "LE", 17],
  ["HCI_LE_Scan_Request_Received", "LE", 18],
  ["HCI_LE_Channel_Selection_Algorithm", "LE", 19],
  ["HCI_LE_Periodic_Advertising_Sync_Transfer_Received", "LE", 23],
  ["HCI_LE_Request_Peer_SCA_Complete", "LE", 30],
  ["HCI_LE_Path_Loss_Threshold", "LE", 31],
  ["HCI_LE_Transmit_Power_Reporting", "LE", 32],
  ["HCI_LE_Subrate_Change", "LE", 34],
  ["HCI_LE_Periodic_Advertising_Sync_Established [v2]", "LE", 35],
  ["HCI_LE_Periodic_Advertising_Report [v2]", "LE", 36],
  ["HCI_LE_Periodic_Advertising_Sync_Transfer_Received [v2]", "LE", 37],
  ["HCI_LE_Periodic_Advertising_Subevent_Data_Request", "LE", 38],
  ["HCI_LE_Periodic_Advertising_Response_Report", "LE", 39],
  ["HCI_LE_Enhanced_Connection_Complete [v2]", "LE", 40],
];

const everything = 0xffff_ffff_ffff_ffffn;
const leMeta = 1n << 61n;
/** These cannot be masked. Vol 4, Part E, 7.3.1. */
const free: readonly string[] = [CommandComplete.name, CommandStatus.name, NumberOfCompletedPackets.name];

const byName = new Map(events.map((event) => [event.name, event]));
const named = (name: string): Event<unknown> => {
  const event = byName.get(name);
  if (!event) throw new Error(`no event is called ${name}`);
  return event;
};

function masksOf(events: bigint, page2: bigint, le: bigint): EventMasks {
  const masks = new EventMasks();
  masks.setEvents(events);
  masks.setEventsPage2(page2);
  masks.setLeEvents(le);
  return masks;
}

describe("virtual controller: event masks (Vol 4, Part E, 7.3.1, 7.3.69 and 7.8.1)", () => {
  it("has every event that can be masked in the table below", () => {
    const names = events.map(({ name }) => name).filter((name) => !free.includes(name));
    expect(bits.map(([name]) => name).sort()).toEqual(names.sort());
  });

  it.each(bits)("%s goes by its bit, and by no other", (name, page, bit) => {
    const { code, subevent } = named(name);
    const one = 1n << BigInt(bit);
    const only = {
      events: masksOf(one, 0n, 0n),
      "page 2": masksOf(0n, one, 0n),
      LE: masksOf(leMeta, 0n, one),
    }[page];
    const others = everything & ~one;
    const allBut = {
      events: masksOf(others, everything, everything),
      "page 2": masksOf(everything, others, everything),
      LE: masksOf(everything, everything, others),
    }[page];
    expect(only.allow(code, subevent)).toBe(true);
    expect(allBut.allow(code, subevent)).toBe(false);
  });

  it.each(bits.filter(([, page]) => page === "LE"))("%s needs LE Meta too", (name) => {
    const { code, subevent } = named(name);
    expect(masksOf(everything & ~leMeta, everything, everything).allow(code, subevent)).toBe(false);
  });

  it("begins with what there was before LE, the first five LE events, and nothing of page 2", () => {
    const masks = new EventMasks();
    masks.setEvents(0x0000_1fff_ffff_ffffn | leMeta);
    const allowed = events
      .filter(({ code, subevent }) => masks.allow(code, subevent))
      .map(({ name }) => name);
    expect(allowed.filter((name) => !free.includes(name))).toEqual(
      bits
        .filter(([, page, bit]) => (page === "LE" && bit < 5) || (page === "events" && bit < 45))
        .map(([name]) => name)
        .sort((one, other) => allowed.indexOf(one) - allowed.indexOf(other)),
    );
    expect(new EventMasks().allow(named("HCI_LE_Connection_Complete").code, 1)).toBe(false);
  });
});
