import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concat, fromHex as hex, toHex } from "../../src/common/bytes.ts";
import type { TransportError } from "../../src/common/errors.ts";
import { PacketType } from "../../src/hci/packet.ts";
import {
  openUsb,
  type UsbDevice,
  type UsbEndpoint,
  type UsbInterface,
  type UsbOptions,
} from "../../transports/usb.ts";
import { UsbReassembler } from "../../transports/usb-reassembler.ts";
import { runs } from "../support/runs.ts";
import { outcome } from "../support/two-hosts.ts";
import { eventLoopRound, RecordingReceiver, transportContract } from "../support/transport-contract.ts";

type Listener = ((data: Uint8Array) => void) & ((error: Error) => void);

/** An endpoint as the npm package `usb` has them. */
class FakeEndpoint implements UsbEndpoint {
  readonly descriptor: UsbEndpoint["descriptor"];
  readonly direction: "in" | "out";
  readonly transferType: number;
  polling: string | undefined;
  isPending = false;
  readonly #listeners = new Map<string, Listener>();
  readonly #device: FakeUsbDevice;

  constructor(device: FakeUsbDevice, address: number, transferType: number, wMaxPacketSize: number) {
    this.#device = device;
    this.direction = (address & 0x80) === 0 ? "out" : "in";
    this.transferType = transferType;
    this.descriptor = { bEndpointAddress: address, wMaxPacketSize };
  }

  startPoll(transfers: number, size: number): void {
    this.polling = `${transfers} of ${size}`;
    this.isPending = true;
  }

  /** As the package does it: what is under way ends later, and where nothing is polled it fails. */
  stopPoll(): void {
    if (this.polling === undefined) throw new Error("Polling is not active.");
    this.polling = undefined;
    setImmediate(() => setImmediate(() => (this.isPending = false)));
  }

  on(event: string, listener: Listener): void {
    this.#listeners.set(event, listener);
  }

  transfer(data: Uint8Array, done: (error?: Error) => void): void {
    this.#device.take(concat(Uint8Array.of(0x02), data), done);
  }

  /** A transfer brings this. */
  bring(data: Uint8Array): void {
    if (this.polling !== undefined) this.#listeners.get("data")?.(data);
  }

  fail(error: Error): void {
    this.#listeners.get("error")?.(error);
    if (this.polling !== undefined) this.stopPoll();
  }
}

/** A dongle of class E0/01/01, as CSR's are. */
class FakeUsbDevice implements UsbDevice {
  readonly busNumber = 1;
  readonly deviceAddress = 7;
  readonly deviceDescriptor;
  readonly log: string[] = [];
  received: Uint8Array = hex("");
  /** What opening throws. */
  refusal: { readonly at: string; readonly error: Error } | undefined;
  hasDriver = true;
  takesNothing = false;
  gone: Error | undefined;
  interfaces: readonly UsbInterface[] | undefined;
  readonly events = new FakeEndpoint(this, 0x81, 3, 16);
  readonly dataIn = new FakeEndpoint(this, 0x82, 2, 64);
  readonly dataOut = new FakeEndpoint(this, 0x02, 2, 64);
  readonly #interfaceClass: number;

  constructor(idVendor = 0x0a12, idProduct = 1, deviceClass = 0xe0, interfaceClass = 0xe0) {
    const [bDeviceSubClass, bDeviceProtocol] = [1, 1];
    this.deviceDescriptor = {
      idVendor,
      idProduct,
      bDeviceClass: deviceClass,
      bDeviceSubClass,
      bDeviceProtocol,
    };
    this.#interfaceClass = interfaceClass;
  }

  open(): void {
    this.#do("open");
    const descriptor = {
      bInterfaceClass: this.#interfaceClass,
      bInterfaceSubClass: 1,
      bInterfaceProtocol: 1,
    };
    this.interfaces = [
      {
        interfaceNumber: 0,
        descriptor,
        endpoints: [this.events, this.dataIn, this.dataOut],
        isKernelDriverActive: () => {
          this.#do("ask for the driver");
          return this.hasDriver;
        },
        detachKernelDriver: () => this.#do("detach driver"),
        attachKernelDriver: () => this.#do("attach driver"),
        claim: () => this.#do("claim"),
        release: (closeEndpoints, done) => {
          this.log.push("release");
          for (const endpoint of closeEndpoints ? this.#polled() : []) endpoint.stopPoll();
          const wait = (): void => {
            if (closeEndpoints && this.#isPending()) setImmediate(wait);
            else done(this.gone);
          };
          setImmediate(wait);
        },
      },
    ];
  }

  close(): void {
    if (this.#isPending()) throw new Error("Can't close device with a pending request");
    this.#do("close");
  }

  #polled(): FakeEndpoint[] {
    return [this.events, this.dataIn].filter(({ polling }) => polling !== undefined);
  }

  #isPending(): boolean {
    return [this.events, this.dataIn].some(({ isPending }) => isPending);
  }

  controlTransfer(
    requestType: number,
    request: number,
    value: number,
    index: number,
    data: Uint8Array,
    done: (error?: Error) => void,
  ): void {
    this.log.push(`control ${[requestType, request, value, index].join(" ")}`);
    this.take(concat(Uint8Array.of(0x01), data), done);
  }

  take(packet: Uint8Array, done: (error?: Error) => void): void {
    if (this.takesNothing) return;
    if (this.gone === undefined) this.received = concat(this.received, packet);
    setImmediate(() => done(this.gone));
  }

  unplug(): void {
    this.gone = new Error("LIBUSB_TRANSFER_NO_DEVICE");
    this.events.fail(this.gone);
    this.dataIn.fail(this.gone);
  }

  #do(what: string): void {
    this.log.push(what);
    if (this.refusal?.at === what) throw this.refusal.error;
  }
}

function openFake(devices: readonly FakeUsbDevice[], options: UsbOptions = {}) {
  return openUsb({ load: () => Promise.resolve({ getDeviceList: () => devices }), ...options });
}

transportContract("a device on USB", {
  carries: "packets",
  openWith: (signal) => openFake([new FakeUsbDevice()], { signal }),
  async open() {
    const device = new FakeUsbDevice();
    const transport = await openFake([device]);
    return {
      transport,
      send(packets) {
        for (const packet of packets) {
          const endpoint = packet[0] === PacketType.Event ? device.events : device.dataIn;
          endpoint.bring(packet.slice(1));
        }
      },
      received: () => device.received,
      async lose() {
        await eventLoopRound();
        device.unplug();
      },
      settle: () => {
        if (device.gone) device.unplug(); // polling that begins later finds it gone too
        return eventLoopRound();
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  },
});

describe("HCI over USB (Vol 4, Part B)", () => {
  it("sends commands by the control pipe as a class request, and data by bulk transfers (2.2)", async () => {
    const device = new FakeUsbDevice();
    await using transport = await openFake([device]);
    transport.start(new RecordingReceiver());
    transport.send(hex("01 03 0c 00"));
    transport.send(hex("02 40 00 01 00 aa"));
    await eventLoopRound();
    expect(device.log.at(-1)).toBe("control 32 0 0 0");
    expect(toHex(device.received)).toBe("01030c00024000 0100aa".replace(" ", ""));
  });

  it("reads whole USB packets, so that no transfer overflows", async () => {
    const device = new FakeUsbDevice();
    await using transport = await openFake([device]);
    transport.start(new RecordingReceiver());
    expect([device.events.polling, device.dataIn.polling]).toEqual(["2 of 1024", "2 of 1024"]);
  });

  it("takes two events of one transfer apart, and puts one of several together", async () => {
    const device = new FakeUsbDevice();
    await using transport = await openFake([device]);
    const receiver = new RecordingReceiver();
    receiver.start(transport);
    device.events.bring(hex("ff 01 aa 0e 04 01 03 0c 00"));
    device.events.bring(hex("3e 05 01"));
    device.dataIn.bring(hex("40 20 02 00 11"));
    device.events.bring(hex("02 03 04 05 ff"));
    device.dataIn.bring(hex("22"));
    device.events.bring(hex("00"));
    expect(receiver.packets.map((packet) => toHex(packet))).toEqual([
      "04ff01aa",
      "040e0401030c00",
      "043e050102030405",
      "02402002001122",
      "04ff00",
    ]);
  });

  it("puts packets together however they are cut", () => {
    const events = fc.array(
      fc
        .tuple(fc.nat(255), fc.uint8Array({ maxLength: 255 }))
        .map(([code, b]) => Uint8Array.of(code, b.length, ...b)),
    );
    fc.assert(
      fc.property(events, fc.array(fc.nat(600)), (all, cuts) => {
        const packets: string[] = [];
        const sink = { packet: (packet: Uint8Array) => packets.push(toHex(packet)) };
        const reassembler = new UsbReassembler(PacketType.Event, sink);
        const stream = concat(...all);
        let at = 0;
        for (const cut of [...cuts.sort((a, b) => a - b), stream.length]) {
          const end = Math.min(cut, stream.length);
          reassembler.push(stream.subarray(at, end));
          at = end;
        }
        expect(packets).toEqual(all.map((event) => `04${toHex(event)}`));
      }),
      runs,
    );
  });

  it("takes the interface from the kernel's driver, and gives it back", async () => {
    const device = new FakeUsbDevice();
    const transport = await openFake([device]);
    expect(device.log).toEqual(["open", "ask for the driver", "detach driver", "claim"]);
    await transport[Symbol.asyncDispose]();
    expect(device.log.slice(4)).toEqual(["release", "attach driver", "close"]);
  });

  it("lets go of the device although its polling has ended by itself, with an error at one endpoint", async () => {
    const device = new FakeUsbDevice();
    const transport = await openFake([device]);
    const receiver = new RecordingReceiver();
    receiver.start(transport);
    device.events.fail(new Error("LIBUSB_TRANSFER_STALL"));
    await transport[Symbol.asyncDispose]();
    expect(receiver.closings).toMatchObject([{ reason: "lost" }]);
    expect(device.log.slice(4)).toEqual(["release", "attach driver", "close"]);
  });

  it("waits with closing until no transfer is under way, as the package asks for", async () => {
    const device = new FakeUsbDevice();
    const transport = await openFake([device]);
    transport.start(new RecordingReceiver());
    await transport[Symbol.asyncDispose]();
    expect(device.log.slice(4)).toEqual(["release", "attach driver", "close"]);
  });

  it("closes the device although the driver of the kernel does not take the interface back", async () => {
    const device = new FakeUsbDevice();
    const transport = await openFake([device]);
    device.refusal = { at: "attach driver", error: new Error("LIBUSB_ERROR_BUSY") };
    await transport[Symbol.asyncDispose]();
    expect(device.log.at(-1)).toBe("close");
  });

  it("gives the interface back to the kernel's driver where it cannot be claimed", async () => {
    const device = new FakeUsbDevice();
    device.refusal = { at: "claim", error: new Error("LIBUSB_ERROR_BUSY") };
    await expect(openFake([device])).rejects.toMatchObject({ reason: "busy" });
    expect(device.log.slice(3)).toEqual(["claim", "attach driver", "close"]);
  });

  it("refuses a second host, says that it is this program, and the first goes on", async () => {
    const device = new FakeUsbDevice();
    const transport = await openFake([device]);
    const receiver = new RecordingReceiver();
    receiver.start(transport);
    const { error } = (await outcome(openFake([device]))) as { error: TransportError };
    expect(error).toMatchObject({ reason: "busy" });
    expect(error.message).toContain("this program has opened it already");
    device.events.bring(hex("ff 00"));
    expect(receiver.packets).toEqual([hex("04 ff 00")]);
    await transport[Symbol.asyncDispose]();
    await (await openFake([device]))[Symbol.asyncDispose]();
  });

  it("leaves drivers alone where there are none", async () => {
    const device = new FakeUsbDevice();
    device.refusal = { at: "ask for the driver", error: new Error("LIBUSB_ERROR_NOT_SUPPORTED") };
    const transport = await openFake([device]);
    await transport[Symbol.asyncDispose]();
    expect(device.log).not.toContain("attach driver");
  });

  it("finds a device by its class, by its numbers, and the second of two that are alike", async () => {
    const keyboard = new FakeUsbDevice(0x046d, 0xc31c, 0, 3);
    const composite = new FakeUsbDevice(0x8087, 0x0029, 0xef);
    const dongles = [new FakeUsbDevice(), new FakeUsbDevice()];
    const all = [keyboard, composite, ...dongles];
    const opened = async (options: UsbOptions): Promise<number> => {
      for (const device of all) device.log.length = 0;
      await (await openFake(all, options))[Symbol.asyncDispose]();
      return all.findIndex(({ log }) => log.length > 0);
    };
    expect(await opened({})).toBe(2);
    expect(await opened({ index: 1 })).toBe(3);
    expect(await opened({ vendorId: 0x8087 })).toBe(1);
    expect(await opened({ vendorId: 0x0a12, productId: 1, index: 1 })).toBe(3);
  });

  it.each<[string, UsbOptions, readonly FakeUsbDevice[], string, string]>([
    ["there is no controller", {}, [new FakeUsbDevice(1, 2, 0, 3)], "noSuchDevice", "None of 1 USB devices"],
    [
      "it is another one",
      { vendorId: 0xbeef, productId: 1 },
      [new FakeUsbDevice()],
      "noSuchDevice",
      "usb:beef:0001 cannot be opened: there is none. Bluetooth controllers on USB: 0a12:0001",
    ],
    ["there are too few", { index: 3 }, [new FakeUsbDevice()], "noSuchDevice", "(there are 1 of them)"],
    [
      "it is no controller",
      { vendorId: 1 },
      [new FakeUsbDevice(1, 2, 0, 3)],
      "unsupported",
      "no interface of a Bluetooth controller",
    ],
  ])("says so when %s", async (_, options, devices, reason, message) => {
    const { error } = (await outcome(openFake(devices, options))) as { error: TransportError };
    expect(error).toMatchObject({ name: "TransportError", reason });
    expect(error.message).toContain(message);
  });

  it.each([
    [
      "open",
      "LIBUSB_ERROR_ACCESS",
      "permission",
      'ATTR{idVendor}=="0a12", ATTR{idProduct}=="0001", TAG+="uaccess"',
    ],
    ["open", "LIBUSB_ERROR_NOT_SUPPORTED", "unsupported", "WinUSB"],
    ["detach driver", "LIBUSB_ERROR_NOT_FOUND", "noSuchDevice", "unplugged"],
    ["claim", "LIBUSB_ERROR_BUSY", "busy", "sudo modprobe -r btusb"],
    ["claim", "something new", "failed", "something new"],
  ])("when %s fails with %s, says what to do", async (at, text, reason, advice) => {
    const device = new FakeUsbDevice();
    device.refusal = { at, error: new Error(text) };
    const { error } = (await outcome(openFake([device]))) as { error: TransportError };
    expect(error).toMatchObject({ reason, cause: { message: text } });
    expect(error.message).toContain(advice);
    expect(device.log.includes("close")).toBe(at !== "open");
  });

  it("names the command that installs the package where it is missing", async () => {
    const { error } = (await outcome(openUsb())) as { error: TransportError };
    expect(error).toMatchObject({ reason: "missingModule" });
    expect(error.message).toContain('"npm install usb@2"');
  });

  it("names the version that it needs where another is installed, which has no such functions", async () => {
    const webUsb = { usb: { getDevices: () => Promise.resolve([]) } };
    const { error } = (await outcome(
      openUsb({ load: () => Promise.resolve({ ...webUsb, default: webUsb }) }),
    )) as { error: TransportError };
    expect(error).toMatchObject({ name: "TransportError", reason: "missingModule" });
    expect(error.message).toContain(
      'version 2 of the npm package "usb", and this is another: "npm install usb@2"',
    );
  });

  it.each<[object, string]>([
    [{ vendorId: -1 }, "vendorId: -1 is not a whole number from 0 to 65535"],
    [{ index: 0.5 }, "index: 0.5 is not"],
    [{ vendor: 1 }, '"vendor" is no option'],
  ])("refuses %j", async (options, message) => {
    await expect(openUsb(options as UsbOptions)).rejects.toThrow(message);
  });

  it("ends when the device takes nothing any more, and closes all the same", async () => {
    const device = new FakeUsbDevice();
    device.takesNothing = true;
    await using transport = await openFake([device]);
    const receiver = new RecordingReceiver();
    receiver.start(transport);
    for (let count = 0; count < 1030; count++) transport.send(new Uint8Array(1024).fill(2));
    await eventLoopRound();
    expect(receiver.closings).toMatchObject([{ reason: "stalled" }]);
    await transport[Symbol.asyncDispose]();
    expect(device.log).toContain("close");
  });
});
