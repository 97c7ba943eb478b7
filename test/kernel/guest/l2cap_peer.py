#!/usr/bin/python3
"""One end of a credit-based channel by the kernel's own sockets, for octets whose checksum must be right.

    l2cap_peer.py listen|connect plain|enhanced PSM SEND RECEIVE [ADDRESS]

Sends SEND octets, made from their position, and takes RECEIVE of them; says {"sha256": ...} of what has come.
Listening it says {"listening": PSM} first.
"""

import ctypes
import hashlib
import json
import os
import socket
import struct
import sys
import threading

AF_BLUETOOTH = 31
BTPROTO_L2CAP = 0
LE_PUBLIC = 1
SOL_BLUETOOTH = 274
BT_SNDMTU = 12
BT_RCVMTU = 13
BT_MODE = 15
BT_MODE_EXT_FLOWCTL = 0x04
MTU = 2048

LIBC = ctypes.CDLL(None, use_errno=True)


def address(psm, bdaddr):
    octets = bytes(int(part, 16) for part in reversed(bdaddr.split(":")))
    return struct.pack("<HH6sHBx", AF_BLUETOOTH, psm, octets, 0, LE_PUBLIC)


def call(name, sock, psm, bdaddr):
    where = address(psm, bdaddr)
    if getattr(LIBC, name)(sock.fileno(), where, len(where)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def choose(sock, mode):
    if mode == "enhanced":
        sock.setsockopt(SOL_BLUETOOTH, BT_MODE, struct.pack("B", BT_MODE_EXT_FLOWCTL))
    sock.setsockopt(SOL_BLUETOOTH, BT_RCVMTU, struct.pack("H", MTU))


def octets(count):
    block = bytes((at * 7 + (at >> 8)) & 0xFF for at in range(65536))
    return (block * (count // len(block) + 1))[:count]


def send(channel, count):
    data = octets(count)
    mtu = struct.unpack("H", channel.getsockopt(SOL_BLUETOOTH, BT_SNDMTU, 2))[0]
    at = 0
    while at < count:
        at += channel.send(data[at : at + mtu])


def receive(channel, count):
    digest = hashlib.sha256()
    got = 0
    while got < count:
        sdu = channel.recv(65536)
        if not sdu:
            break
        got += len(sdu)
        digest.update(sdu)
    print(json.dumps({"octets": got, "sha256": digest.hexdigest()}), flush=True)


def main():
    how, mode = sys.argv[1:3]
    psm, sends, receives = (int(argument) for argument in sys.argv[3:6])
    sock = socket.socket(AF_BLUETOOTH, socket.SOCK_SEQPACKET, BTPROTO_L2CAP)
    if how == "listen":
        call("bind", sock, psm, "00:00:00:00:00:00")
        choose(sock, mode)
        sock.listen(1)
        print(json.dumps({"listening": psm}), flush=True)
        channel, _ = sock.accept()
    else:
        call("bind", sock, 0, "00:00:00:00:00:00")
        choose(sock, mode)
        call("connect", sock, psm, sys.argv[6])
        channel = sock
    sender = threading.Thread(target=send, args=(channel, sends))
    sender.start()
    receive(channel, receives)
    sender.join()
    sys.stdin.read()  # until the other side has everything
    channel.close()


main()
