#!/usr/bin/python3
"""Writes what all controllers carry, as the kernel's monitor tells it, to btsnoop files.

A line on standard input is the path of the file to write from now on, or empty to write none; each is answered by a
line when it is so.
"""

import ctypes
import os
import select
import socket
import struct
import sys
import time

AF_BLUETOOTH = 31
BTPROTO_HCI = 1
HCI_CHANNEL_MONITOR = 2
HCI_DEV_NONE = 0xFFFF
# The datalink type of the monitor's own records, and the microseconds from the year 0 to 1970.
MONITOR = 2001
EPOCH = 0x00DCDDB30F2F8000


def main():
    monitor = socket.socket(AF_BLUETOOTH, socket.SOCK_RAW, BTPROTO_HCI)
    where = struct.pack("<HHH", AF_BLUETOOTH, HCI_DEV_NONE, HCI_CHANNEL_MONITOR)
    if ctypes.CDLL(None, use_errno=True).bind(monitor.fileno(), where, len(where)) != 0:
        raise OSError(ctypes.get_errno(), "bind")
    file = None
    while True:
        ready, _, _ = select.select([monitor, sys.stdin], [], [])
        if monitor in ready:
            record = monitor.recv(65536)
            if file is not None:
                kind, index, size = struct.unpack_from("<HHH", record)
                stamp = time.time_ns() // 1000 + EPOCH
                file.write(struct.pack(">IIIIq", size, size, index << 16 | kind, 0, stamp) + record[6:])
        elif sys.stdin in ready:
            line = sys.stdin.readline()
            if file is not None:
                file.close()
                file = None
            if line == "":
                return
            if line.strip():
                file = open(line.strip(), "wb")
                file.write(b"btsnoop\0" + struct.pack(">II", 1, MONITOR))
            print(os.getpid(), flush=True)


main()
