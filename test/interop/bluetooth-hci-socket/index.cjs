/**
 * Stands in for the native `@abandonware/bluetooth-hci-socket`: the controller is behind H4 on TCP, at the port that
 * HCI_PORT names, in place of a Linux kernel.
 *
 * On a user channel (`bindUser`) packets pass as they are. On a raw channel (`bindRaw`) there is a kernel's host in
 * between, which does here what the stacks rely on: it sends commands one at a time, and answers requests for long-term
 * keys with those that were loaded over the management channel (`bindControl`).
 */
"use strict";

const { Buffer } = require("node:buffer");
const { EventEmitter } = require("node:events");
const { connect } = require("node:net");
const process = require("node:process");

const packetType = { command: 0x01, acl: 0x02, event: 0x04 };
const eventCode = { disconnected: 0x05, commandComplete: 0x0e, commandStatus: 0x0f, leMeta: 0x3e };
const leKeyRequest = 0x05;
const opcode = { keyReply: 0x201a, keyNegativeReply: 0x201b };
const loadLongTermKeys = 0x0013;
const keyInfoSize = 36;

/** What bluetoothd, or bleno in its place, has loaded: of each its diversifier, random number and key. */
const longTermKeys = [];

class BluetoothHciSocket extends EventEmitter {
  constructor() {
    super();
    this.channel = undefined;
    this.socket = undefined;
    this.rest = Buffer.alloc(0);
    this.commands = [];
    this.busy = false;
  }

  getDeviceList() {
    return [{ devId: 0, devUp: true, idVendor: null, idProduct: null, busNumber: null, deviceAddress: null }];
  }

  isDevUp() {
    return true;
  }

  bindRaw() {
    this.channel = "raw";
    return 0;
  }

  bindUser() {
    this.channel = "user";
    return 0;
  }

  bindControl() {
    this.channel = "control";
    return 0;
  }

  setFilter() {}

  start() {
    if (this.channel === "control" || this.socket) return;
    this.socket = connect(Number(process.env.HCI_PORT), "127.0.0.1");
    this.socket.setNoDelay(true);
    this.socket.on("data", (chunk) => this.take(chunk));
    this.socket.on("error", (error) => this.emit("error", error));
    this.socket.on("close", () => this.emit("close"));
  }

  stop() {
    this.socket?.destroy();
    this.socket = undefined;
  }

  reset() {}

  write(data) {
    const packet = Buffer.from(data);
    if (this.channel === "control") manage(packet);
    else if (this.channel === "raw" && packet[0] === packetType.command) this.queue(packet);
    else this.socket?.write(packet);
  }

  /** Cuts what comes into packets; the original gives one at a time as well. */
  take(chunk) {
    this.rest = Buffer.concat([this.rest, chunk]);
    for (;;) {
      const size = packetSize(this.rest);
      if (size === undefined || this.rest.length < size) return;
      const packet = Buffer.from(this.rest.subarray(0, size));
      this.rest = this.rest.subarray(size);
      if (this.channel === "raw") this.kernel(packet);
      this.emit("data", packet);
    }
  }

  queue(command) {
    this.commands.push(command);
    this.sendNext();
  }

  sendNext() {
    if (this.busy) return;
    const command = this.commands.shift();
    if (!command) return;
    this.busy = true;
    this.socket?.write(command);
  }

  /** What a kernel's host does of itself with what comes. */
  kernel(packet) {
    if (packet[0] !== packetType.event) return;
    if (packet[1] === eventCode.commandComplete || packet[1] === eventCode.commandStatus) {
      this.busy = false;
      this.sendNext();
    }
    if (packet[1] === eventCode.leMeta && packet[3] === leKeyRequest) this.giveKey(packet);
  }

  giveKey(request) {
    const handle = request.subarray(4, 6);
    const random = request.subarray(6, 14);
    const diversifier = request.subarray(14, 16);
    const found = longTermKeys.find(
      (each) => each.random.equals(random) && each.diversifier.equals(diversifier),
    );
    if (found) this.queue(command(opcode.keyReply, Buffer.concat([handle, found.key])));
    else this.queue(command(opcode.keyNegativeReply, handle));
  }
}

function command(code, parameters) {
  return Buffer.concat([
    Buffer.from([packetType.command, code & 0xff, code >> 8, parameters.length]),
    parameters,
  ]);
}

/** `undefined` while too little is there to tell. */
function packetSize(octets) {
  if (octets[0] === packetType.event) return octets.length < 3 ? undefined : 3 + octets[2];
  if (octets[0] === packetType.acl) return octets.length < 5 ? undefined : 5 + octets.readUInt16LE(3);
  if (octets.length === 0) return undefined;
  throw new Error(`0x${octets[0].toString(16)} is no packet of a controller`);
}

/** The management channel: a command, its index, its length, and its parameters. */
function manage(packet) {
  if (packet.readUInt16LE(0) !== loadLongTermKeys) return;
  longTermKeys.length = 0;
  for (let at = 8; at + keyInfoSize <= packet.length; at += keyInfoSize) {
    longTermKeys.push({
      diversifier: packet.subarray(at + 10, at + 12),
      random: packet.subarray(at + 12, at + 20),
      key: packet.subarray(at + 20, at + 36),
    });
  }
}

module.exports = BluetoothHciSocket;
