"""Runs a program with a socket of packets as descriptor 3, as a launcher does, and is the controller behind it."""

import os
import socket
import struct
import subprocess
import sys

ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
theirs.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("@ll", 0, 200_000))


def hand_over():
    os.dup2(theirs.fileno(), 3, inheritable=True)


# Nothing may be in the way at 3 itself.
theirs = socket.socket(fileno=os.dup(theirs.detach()))
child = subprocess.Popen(sys.argv[1:], pass_fds=(3,), preexec_fn=hand_over)
theirs.close()
echoed = []
for packet in ("040e0401030c00", "04ff00"):
    ours.send(bytes.fromhex(packet))
    echoed.append(ours.recv(65536).hex())
ours.close()
child.wait()
print("the parent has got", *echoed)
