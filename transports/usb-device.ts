/** What is used of an endpoint of the npm package `usb`. */
export interface UsbEndpoint {
  readonly direction: "in" | "out";
  /** 1 isochronous, 2 bulk, 3 interrupt. */
  readonly transferType: number;
  readonly descriptor: { readonly bEndpointAddress: number; readonly wMaxPacketSize: number };
  /** Of those towards the host: keeps so many transfers waiting; each that ends is an event `data`. */
  startPoll?(transfers: number, size: number): unknown;
  on?(event: "data", listener: (data: Uint8Array) => void): unknown;
  on?(event: "error", listener: (error: Error) => void): unknown;
  /** Of those towards the device. */
  transfer?(data: Uint8Array, done: (error?: Error) => void): unknown;
}

/** What is used of an interface of the npm package `usb`. */
export interface UsbInterface {
  readonly interfaceNumber: number;
  readonly descriptor: {
    readonly bInterfaceClass: number;
    readonly bInterfaceSubClass: number;
    readonly bInterfaceProtocol: number;
  };
  readonly endpoints: readonly UsbEndpoint[];
  isKernelDriverActive(): boolean;
  detachKernelDriver(): void;
  attachKernelDriver(): void;
  claim(): void;
  /** @param closeEndpoints - Ends the polling of its endpoints first, and waits until no transfer is under way. */
  release(closeEndpoints: boolean, done: (error?: Error) => void): void;
}

/** What is used of a device of the npm package `usb`. */
export interface UsbDevice {
  readonly busNumber: number;
  readonly deviceAddress: number;
  readonly deviceDescriptor: {
    readonly idVendor: number;
    readonly idProduct: number;
    readonly bDeviceClass: number;
    readonly bDeviceSubClass: number;
    readonly bDeviceProtocol: number;
  };
  /** Once it is open. */
  readonly interfaces?: readonly UsbInterface[] | undefined;
  open(): void;
  close(): void;
  controlTransfer(
    requestType: number,
    request: number,
    value: number,
    index: number,
    data: Uint8Array,
    done: (error?: Error) => void,
  ): unknown;
}

/** What is used of version 2 of the npm package `usb`. */
export interface UsbModule {
  getDeviceList(): readonly UsbDevice[];
}

/** Wireless Controller, RF Controller, Bluetooth Primary Controller. Vol 4, Part B, 2.1. */
const bluetoothClass = { base: 0xe0, sub: 0x01, protocol: 0x01 };

/** What HCI goes over: events, and data both ways. Vol 4, Part B, 2.1. */
export interface HciInterface {
  readonly usbInterface: UsbInterface;
  readonly events: UsbEndpoint;
  readonly dataIn: UsbEndpoint;
  readonly dataOut: UsbEndpoint;
}

/** Whether the device says of itself that it is a controller. Others may have an interface that is one. */
export function isController({ deviceDescriptor }: UsbDevice): boolean {
  const { bDeviceClass, bDeviceSubClass, bDeviceProtocol } = deviceDescriptor;
  return isBluetooth(bDeviceClass, bDeviceSubClass, bDeviceProtocol);
}

/** The interface of an open device that is a controller; the first where there are several. */
export function hciInterfaceOf(device: UsbDevice): HciInterface | undefined {
  for (const usbInterface of device.interfaces ?? []) {
    const { bInterfaceClass, bInterfaceSubClass, bInterfaceProtocol } = usbInterface.descriptor;
    const isHci =
      isBluetooth(bInterfaceClass, bInterfaceSubClass, bInterfaceProtocol) || isController(device);
    const find = (direction: "in" | "out", type: number): UsbEndpoint | undefined =>
      usbInterface.endpoints.find((each) => each.direction === direction && each.transferType === type);
    const [events, dataIn, dataOut] = [find("in", 3), find("in", 2), find("out", 2)];
    if (isHci && events && dataIn && dataOut) return { usbInterface, events, dataIn, dataOut };
  }
  return undefined;
}

/** As `lsusb` writes it. */
export function idsOf({ deviceDescriptor: { idVendor, idProduct } }: UsbDevice): string {
  return [idVendor, idProduct].map((id) => id.toString(16).padStart(4, "0")).join(":");
}

function isBluetooth(base: number, sub: number, protocol: number): boolean {
  return base === bluetoothClass.base && sub === bluetoothClass.sub && protocol === bluetoothClass.protocol;
}
