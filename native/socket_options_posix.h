#pragma once

#include "socket_options.h"

namespace keepalive {

struct PosixOption {
  int level;
  int name;
  const char* text;
};

// Indexed by Option; one table per OS.
extern const PosixOption kPosixOptions[kOptionCount];

// Milliseconds in one kernel unit of the user timeout.
extern const std::int32_t kUserTimeoutUnit;

}  // namespace keepalive
