"""What the kernel holds for the TCP sockets of any program in this network, by none of its own code: each descriptor in
/proc is taken (pidfd_getfd) and asked. Linux 5.6; the right to trace the program.

socket-options.py LOCAL_PORT:REMOTE_PORT...    one line for each: enabled idle interval count user-timeout
"""

import ctypes
import os
import socket
import sys

PIDFD_GETFD = 438  # on every architecture
OPTIONS = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, 18)  # TCP_USER_TIMEOUT

libc = ctypes.CDLL(None, use_errno=True)
network = os.readlink("/proc/self/ns/net")


def sockets():
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{pid}/ns/net") != network:
                continue
            for fd in os.listdir(f"/proc/{pid}/fd"):
                if os.readlink(f"/proc/{pid}/fd/{fd}").startswith("socket:"):
                    taken = libc.syscall(PIDFD_GETFD, os.pidfd_open(int(pid)), int(fd), 0)
                    if taken >= 0:
                        yield socket.socket(fileno=taken)
        except OSError:  # it has ended, or closed the descriptor
            continue


held = {}
for sock in sockets():
    try:
        ports = f"{sock.getsockname()[1]}:{sock.getpeername()[1]}"
        enabled = sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        held[ports] = [enabled, *(sock.getsockopt(socket.IPPROTO_TCP, option) for option in OPTIONS)]
    except (OSError, IndexError):  # no TCP connection
        continue
for ports in sys.argv[1:]:
    print(*held[ports])
