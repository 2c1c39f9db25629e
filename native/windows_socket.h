#pragma once

#include <uv.h>

#include "socket_options.h"

namespace keepalive {

// Finds the socket of one libuv TCP handle without its address: JavaScript inverts the handle's reference flag (ref or
// unref) between construction and Inverted(), and exactly one handle of the loop must have changed.
class ReferenceSnapshot {
 public:
  explicit ReferenceSnapshot(uv_loop_t* loop);
  ~ReferenceSnapshot();
  ReferenceSnapshot(const ReferenceSnapshot&) = delete;
  ReferenceSnapshot& operator=(const ReferenceSnapshot&) = delete;

  // kNotFound unless exactly one flag changed and that handle has a socket.
  Socket Inverted() const;
  static constexpr Socket kNotFound = -1;

 private:
  struct Entry {
    uv_handle_t* handle;
    bool referenced;
  };
  static void Count(uv_handle_t* handle, void* snapshot);
  static void Remember(uv_handle_t* handle, void* snapshot);

  Entry* entries_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace keepalive
