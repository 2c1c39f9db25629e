#pragma once

#include "socket_options.h"

// What the package does to one socket, over the seam and the same on every operating system.
namespace keepalive {

// Indexed by Option. In settings to apply, kAbsent leaves an option alone; in settings read, only the user timeout can
// be kAbsent: this OS has none.
struct Settings {
  std::int32_t value[kOptionCount];
};

enum Syscall : int { kSocket, kGetsockopt, kSetsockopt, kIoctl };

// A refused system call. error 0: nothing was refused.
struct Outcome {
  int error;
  Option option;
  Syscall syscall;
  int undo_error;  // what refused when the options before were put back; 0: the socket is as it was
  int changes;     // options that were set
  int lent;        // what was added to the user timeout, or to the count where there is none
};

Outcome Read(Socket socket, Settings* held);

// Sets what differs from what the socket holds, or nothing.
//
// The kernel holds a new user timeout against all of the time for which the peer has been silent, and a new count
// against the probes that it has not answered so far. Both are added to what is set, so that the peer has the whole of
// it from now on; that is owed back, by another call without, once the peer was heard. `room` is how many milliseconds
// of silence the user timeout has room for as it is; kAbsent: nothing is added.
Outcome Apply(Socket socket, const Settings& wanted, std::int32_t room);

// The same two on a fresh socket of this process: the system's settings, and whether the kernel would refuse.
Outcome ReadSystem(Settings* held);
Outcome Try(const Settings& wanted);

}  // namespace keepalive
