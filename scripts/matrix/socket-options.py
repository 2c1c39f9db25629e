"""What the kernel holds for the TCP sockets of any program, by none of its own code: the program's descriptor is found
in /proc, taken (pidfd_getfd) and asked. Linux 5.6; the right to trace the program.

socket-options.py LOCAL_PORT:REMOTE_PORT...    one line for each: enabled idle interval count user-timeout
"""

import ctypes
import os
import socket
import sys

PIDFD_GETFD = 438  # on every architecture
TCP_USER_TIMEOUT = 18

libc = ctypes.CDLL(None, use_errno=True)


def inode_of(ports):
    local, remote = (":%04X" % int(port) for port in ports.split(":"))
    with open("/proc/self/net/tcp", encoding="ascii") as rows:
        for row in rows:
            fields = row.split()
            if fields[1].endswith(local) and fields[2].endswith(remote):
                return fields[9]
    raise SystemExit(f"no connection {ports} in /proc/net/tcp")


def holders_of(inodes):
    links = {f"socket:[{inode}]": inode for inode in inodes}
    holders = {}
    for pid in sorted(map(int, filter(str.isdigit, os.listdir("/proc"))), reverse=True):
        try:
            for fd in os.listdir(f"/proc/{pid}/fd"):
                inode = links.get(os.readlink(f"/proc/{pid}/fd/{fd}"))
                if inode is not None:
                    holders[inode] = (pid, int(fd))
        except OSError:  # it has ended, or closed the descriptor
            continue
        if len(holders) == len(links):
            return holders
    raise SystemExit("nobody holds one of the sockets")


def take(pid, fd):
    taken = libc.syscall(PIDFD_GETFD, os.pidfd_open(pid), fd, 0)
    if taken < 0:
        raise SystemExit(f"pidfd_getfd({pid}, {fd}): {os.strerror(ctypes.get_errno())}")
    return socket.socket(fileno=taken)


inodes = [inode_of(ports) for ports in sys.argv[1:]]
holders = holders_of(inodes)
for inode in inodes:
    with take(*holders[inode]) as taken:
        enabled = taken.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        options = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, TCP_USER_TIMEOUT)
        print(enabled, *(taken.getsockopt(socket.IPPROTO_TCP, option) for option in options))
