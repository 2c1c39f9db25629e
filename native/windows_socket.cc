// libuv keeps no descriptor that JavaScript can read on Windows (socket._handle.fd is -1). Only documented, ABI-stable
// libuv calls here; no handle's memory is read.
#include "windows_socket.h"

namespace keepalive {

namespace {

bool IsOpenTcp(const uv_handle_t* handle) { return uv_handle_get_type(handle) == UV_TCP && !uv_is_closing(handle); }

}  // namespace

ReferenceSnapshot::ReferenceSnapshot(uv_loop_t* loop) {
  uv_walk(loop, Count, this);
  entries_ = new Entry[capacity_ + 1];
  uv_walk(loop, Remember, this);
}

ReferenceSnapshot::~ReferenceSnapshot() { delete[] entries_; }

void ReferenceSnapshot::Count(uv_handle_t* handle, void* snapshot) {
  if (IsOpenTcp(handle)) ++static_cast<ReferenceSnapshot*>(snapshot)->capacity_;
}

void ReferenceSnapshot::Remember(uv_handle_t* handle, void* snapshot) {
  auto* self = static_cast<ReferenceSnapshot*>(snapshot);
  if (IsOpenTcp(handle)) self->entries_[self->size_++] = {handle, uv_has_ref(handle) != 0};
}

Socket ReferenceSnapshot::Inverted() const {
  const Entry* inverted = nullptr;
  for (size_t i = 0; i < size_; ++i) {
    if ((uv_has_ref(entries_[i].handle) != 0) == entries_[i].referenced) continue;
    if (inverted != nullptr) return kNotFound;
    inverted = &entries_[i];
  }
  uv_os_fd_t descriptor;
  if (inverted == nullptr || uv_fileno(inverted->handle, &descriptor) != 0) return kNotFound;
  return (Socket)descriptor;  // an int on POSIX, a HANDLE on Windows: no one C++ cast takes both
}

}  // namespace keepalive
