#!/usr/bin/env python3
"""Opens a Bluetooth controller for a program that may not do so itself.

Needs CAP_NET_ADMIN (root), and nothing but Python's standard library. Takes the controller for itself alone (the HCI
user channel of Linux), leaves root's rights behind, and runs the program with the socket as file descriptor 3:

    sudo hci-launch.py --device hci0 --user pi -- node app.js      # in app.js: Host.open("fd:3")
"""

import argparse
import ctypes
import errno
import fcntl
import os
import pwd
import socket
import struct
import sys

AF_BLUETOOTH = 31
BTPROTO_HCI = 1
HCI_CHANNEL_USER = 1
HCIDEVDOWN = 0x400448CA  # _IOW('H', 202, int)
SO_RCVTIMEO_NEW = 66
# Reads come back empty-handed so often, in ms: so the program can close the socket while nothing is to be read.
READ_TIMEOUT = 200

ADVICE = {
    errno.EPERM: "it needs root, or the capability CAP_NET_ADMIN: run it with sudo",
    errno.EBUSY: "another program has it: sudo systemctl stop bluetooth, or give --down",
    errno.EUSERS: "another program has it for itself alone: end that one",
    errno.ENODEV: "there is no such controller: see ls /sys/class/bluetooth",
    errno.EAFNOSUPPORT: "this kernel has no Bluetooth: sudo modprobe bluetooth",
    132: "the radio is switched off: rfkill unblock bluetooth",  # ERFKILL
}


def fail(what, error):
    print(f"hci-launch: {what}: {error.strerror}; {ADVICE.get(error.errno, 'see dmesg')}", file=sys.stderr)
    sys.exit(1)


def take_down(index):
    """What hciconfig hci0 down does: the user channel wants a controller that nobody uses."""
    with socket.socket(AF_BLUETOOTH, socket.SOCK_RAW, BTPROTO_HCI) as control:
        fcntl.ioctl(control, HCIDEVDOWN, index)


def bind_user_channel(index):
    channel = socket.socket(AF_BLUETOOTH, socket.SOCK_RAW, BTPROTO_HCI)
    # Python's own bind() takes no channel in the versions that systems have.
    libc = ctypes.CDLL(None, use_errno=True)
    address = struct.pack("<HHH", AF_BLUETOOTH, index, HCI_CHANNEL_USER)
    if libc.bind(channel.fileno(), address, len(address)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    limit_reads(channel)
    return channel


def limit_reads(channel):
    # Where C's long has 32 bits and its time 64, this option has another number and another form.
    form = "=qq" if socket.SO_RCVTIMEO == SO_RCVTIMEO_NEW else "@ll"
    timeout = struct.pack(form, READ_TIMEOUT // 1000, READ_TIMEOUT % 1000 * 1000)
    channel.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, timeout)


def become(user):
    entry = pwd.getpwnam(user)
    os.initgroups(user, entry.pw_gid)
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    os.environ.update(HOME=entry.pw_dir, USER=user, LOGNAME=user)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="hci0", help="the controller (default: hci0)")
    parser.add_argument("--user", help="who the program runs as (default: who runs this)")
    parser.add_argument("--fd", type=int, default=3, help="the file descriptor to hand over (default: 3)")
    parser.add_argument("--down", action="store_true", help="take the controller down first, as hciconfig does")
    parser.add_argument("command", nargs="+", help="the program and its arguments, behind --")
    options = parser.parse_args()
    if not options.device.startswith("hci") or not options.device[3:].isdigit():
        parser.error(f"--device: {options.device} is no controller such as hci0")
    index = int(options.device[3:])
    if index > 65534:
        parser.error(f"--device: {options.device} is none, they end with hci65534")
    if options.fd < 3:
        parser.error("--fd: below 3 are standard input, output and error")
    try:
        if options.down:
            take_down(index)
        channel = bind_user_channel(index)
    except OSError as error:
        fail(options.device, error)
    os.dup2(channel.fileno(), options.fd, inheritable=True)
    if channel.fileno() == options.fd:
        os.set_inheritable(options.fd, True)
    if options.user is not None:
        try:
            become(options.user)
        except KeyError:
            parser.error(f"--user: there is no user {options.user}")
        except OSError as error:
            fail(options.user, error)
    try:
        os.execvp(options.command[0], options.command)
    except OSError as error:
        fail(options.command[0], error)


if __name__ == "__main__":
    main()
