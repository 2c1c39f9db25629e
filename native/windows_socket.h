#pragma once

#include <uv.h>

#include <cstddef>

#include "socket_options.h"

namespace keepalive {

// Finds the socket of one libuv TCP handle without its address: JavaScript inverts the handle's reference flag (ref or
// unref), and exactly one handle of the loop must have changed. Then JavaScript inverts it back. One for each loop.
class SocketFinder {
 public:
  // Inverts the flag of the handle; false: stop, an exception is pending.
  using Invert = bool (*)(void* context);

  // kNotFound unless exactly one flag changed; kNoSocketYet: that handle was never connected, bound or listening.
  Socket Find(uv_loop_t* loop, Invert invert, void* context);
  static constexpr Socket kNotFound = -1;
  static constexpr Socket kNoSocketYet = -2;

 private:
  bool queue_is_known_ = false;
};

}  // namespace keepalive
