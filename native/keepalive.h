#pragma once

#include "socket_options.h"

// What the package does to one socket: the same on every operating system, by the functions of the seam.
namespace keepalive {

// Indexed by Option. In settings to apply, kAbsent leaves an option alone. In settings read, only the user timeout can
// be kAbsent: this OS does not have it.
struct Settings {
  std::int32_t value[kOptionCount];
};

enum Syscall : int { kSocket, kGetsockopt, kSetsockopt, kIoctl };

// A refused system call. error 0: nothing was refused.
struct Outcome {
  int error;
  Option option;
  Syscall syscall;
  int undo_error;  // the error of restoring the options that were set before; 0: the socket is as it was
  int changes;     // options that were set
  int lent;        // what was added to the user timeout, or to the count if there is no user timeout
};

Outcome Read(Socket socket, Settings* held);

// Sets what differs from what the socket holds, or nothing.
//
// The kernel compares a new user timeout with all of the peer's silence, and a new count with all probes that the peer
// has not answered. So that silence, or those probes, are added to what is set (lent), and the peer has the whole
// profile from now on. The caller takes back what is lent, by another call, once the peer was heard. `room`: how many
// milliseconds of silence the user timeout allows for as it is. kAbsent: nothing is lent.
Outcome Apply(Socket socket, const Settings& wanted, std::int32_t room);

// The same two on a fresh socket of this process: the system's settings, and whether the kernel would refuse.
Outcome ReadSystem(Settings* held);
Outcome Try(const Settings& wanted);

}  // namespace keepalive
