import type { ControllerIdentity, ProbeResult } from "./probe-result.ts";

/** What can be used in place of something that is no controller. */
const instead =
  "What jelling needs is an HCI controller: a USB dongle, a board with Zephyr's hci_uart or hci_usb (such as the " +
  "nRF52840 Dongle), or the one inside a Raspberry Pi or a laptop";

/** What a probe found, and what that means, in sentences for people. */
export function explain(result: ProbeResult): string {
  switch (result.kind) {
    case "hci":
      return explainController(
        result.controller,
        ` at ${result.baudRate} baud in ${result.protocol.toUpperCase()}`,
      );
    case "at":
      return (
        `at ${result.baudRate} baud a module answers "${result.answer}" to the command AT. With its stock firmware an ` +
        "HC-05, HC-06 or HM-10 is a serial-port modem and no HCI controller: it runs a Bluetooth stack of its own and " +
        "passes on octets between this port and one peer. No host can scan, connect or serve GATT through it, jelling " +
        `neither. HC-05 and HC-06 have no Bluetooth LE at all. ${instead}`
      );
    case "bootloader":
      return (
        `at ${result.baudRate} baud ${result.name} answers: the board waits for firmware, or begins to start. Load ` +
        "an HCI firmware (Zephyr: samples/bluetooth/hci_uart), or reset the board and probe again"
      );
    case "echo":
      return (
        `at ${result.baudRate} baud what is sent comes back: the pins RX and TX are joined, or the other end echoes. ` +
        "RX of this side goes to TX of the other, and TX to RX"
      );
    case "text":
      return (
        `at ${result.baudRate} baud something writes text and no HCI: "${result.said.slice(0, 80)}". It is a console ` +
        `or a log; perhaps HCI is at another port of the same board. ${instead}`
      );
    case "garbage":
      return (
        `something answers at ${result.baudRates.join(", ")} baud, but makes no sense: the baud rate is another one, ` +
        'or the parity (H5 controllers often want "even"), or the other end sends while RTS and CTS are not connected'
      );
    case "silence":
      return (
        `nothing answers at ${result.baudRates.join(", ")} baud: is it powered, is RX wired to TX and TX to RX, and ` +
        "with rtscts CTS to RTS? A controller that needs RTS and CTS stays silent without them"
      );
  }
}

/** What a controller is, in a sentence for people. `where` follows "answers". */
export function explainController(controller: ControllerIdentity, where = ""): string {
  const { name, version, manufacturer, address, supportsLe, features } = controller;
  const parts = [
    name === undefined ? "" : `"${name}"`,
    manufacturer === undefined ? "" : `made by ${manufacturer}`,
    version === undefined ? "" : `Bluetooth ${version}`,
    address ?? "",
    ...features,
  ].filter((part) => part !== "");
  const can = supportsLe ? "" : ". It has no Bluetooth LE, and jelling speaks nothing else";
  return `an HCI controller answers${where}: ${parts.length === 0 ? "no more is known" : parts.join(", ")}${can}`;
}
