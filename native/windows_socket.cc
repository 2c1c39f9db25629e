// libuv keeps no descriptor that JavaScript can read on Windows (socket._handle.fd is -1).
//
// New handles are at the tail of their loop's queue, so the handle of a connection that was just accepted is among the
// last few, however many there are. libuv has no call that starts there: uv_walk() starts with the oldest handle and
// cannot be stopped. The links of the queue are public fields of uv_loop_t and uv_handle_t, the same in all of libuv 1.
// They are followed only after uv_walk() has shown, by the same pointers in the same order, that they are where this
// header says. Everything else uses documented calls only.
#include "windows_socket.h"

#include <cstddef>
#include <cstring>

namespace keepalive {

namespace {

struct Entry {
  uv_handle_t* handle;
  bool referenced;
};

bool IsOpenTcp(const uv_handle_t* handle) { return uv_handle_get_type(handle) == UV_TCP && !uv_is_closing(handle); }

// Two pointers, next and previous: an array up to libuv 1.46, a struct since.
const void* PreviousLink(const void* link) {
  const void* links[2];
  std::memcpy(links, link, sizeof(links));
  return links[1];
}

// Computes an address only: nothing is read.
const void* LinkOf(const uv_handle_t* handle) {
  return reinterpret_cast<const char*>(handle) + offsetof(uv_handle_t, handle_queue);
}

uv_handle_t* HandleOf(const void* link) {
  return reinterpret_cast<uv_handle_t*>(static_cast<char*>(const_cast<void*>(link)) -
                                        offsetof(uv_handle_t, handle_queue));
}

// The open TCP handles among the newest of all handles.
class Newest {
 public:
  explicit Newest(const uv_loop_t* loop) {
    const void* end = &loop->handle_queue;
    const void* link = PreviousLink(end);
    for (int i = 0; i < kMost && link != end; ++i, link = PreviousLink(link)) {
      uv_handle_t* handle = HandleOf(link);
      if (IsOpenTcp(handle)) entries_[size_++] = {handle, uv_has_ref(handle) != 0};
    }
  }

  const Entry* entries() const { return entries_; }
  std::size_t size() const { return size_; }

 private:
  // Enough for the handles that a server opens for one connection, such as a pipe or a child process.
  static constexpr int kMost = 16;
  Entry entries_[kMost];
  std::size_t size_ = 0;
};

// All open TCP handles.
class Everything {
 public:
  explicit Everything(uv_loop_t* loop) : loop_(loop) {
    uv_walk(loop, Count, this);
    entries_ = new Entry[capacity_ + 1];
    uv_walk(loop, Remember, this);
  }
  ~Everything() { delete[] entries_; }
  Everything(const Everything&) = delete;
  Everything& operator=(const Everything&) = delete;

  const Entry* entries() const { return entries_; }
  std::size_t size() const { return size_; }

  // Whether the links lead from the loop to the last handle, and from there to the one before.
  bool ConfirmsLinks() const {
    return last_ != nullptr && before_last_ != nullptr && PreviousLink(&loop_->handle_queue) == LinkOf(last_) &&
           PreviousLink(LinkOf(last_)) == LinkOf(before_last_);
  }

 private:
  static void Count(uv_handle_t* handle, void* everything) {
    if (IsOpenTcp(handle)) ++static_cast<Everything*>(everything)->capacity_;
  }

  static void Remember(uv_handle_t* handle, void* everything) {
    auto* self = static_cast<Everything*>(everything);
    self->before_last_ = self->last_;
    self->last_ = handle;
    if (IsOpenTcp(handle)) self->entries_[self->size_++] = {handle, uv_has_ref(handle) != 0};
  }

  uv_loop_t* loop_;
  Entry* entries_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  const uv_handle_t* last_ = nullptr;
  const uv_handle_t* before_last_ = nullptr;
};

struct Search {
  enum { kNone, kOne, kFailed } result;
  uv_handle_t* handle;
};

// Finds the one handle whose flag is inverted, and then inverted back.
template <typename Entries>
Search FindInverted(const Entries& among, SocketFinder::Invert invert, void* context) {
  constexpr Search kNothingSure = {Search::kFailed, nullptr};
  if (!invert(context)) return kNothingSure;
  const Entry* inverted = nullptr;
  int count = 0;
  for (std::size_t i = 0; i < among.size(); ++i) {
    const Entry& entry = among.entries()[i];
    if ((uv_has_ref(entry.handle) != 0) == entry.referenced) continue;
    inverted = &entry;
    ++count;
  }
  if (!invert(context) || count > 1) return kNothingSure;
  if (count == 0) return {Search::kNone, nullptr};
  if ((uv_has_ref(inverted->handle) != 0) != inverted->referenced) return kNothingSure;
  return {Search::kOne, inverted->handle};
}

Socket SocketOf(const Search& search) {
  if (search.result != Search::kOne) return SocketFinder::kNotFound;
  uv_os_fd_t descriptor;
  if (uv_fileno(search.handle, &descriptor) != 0) return SocketFinder::kNoSocketYet;
  return (Socket)descriptor;  // an int on POSIX, a HANDLE on Windows: no one C++ cast takes both
}

}  // namespace

Socket SocketFinder::Find(uv_loop_t* loop, Invert invert, void* context) {
  if (queue_is_known_) {
    const Search search = FindInverted(Newest(loop), invert, context);
    if (search.result != Search::kNone) return SocketOf(search);
  }
  const Everything everything(loop);
  queue_is_known_ = queue_is_known_ || everything.ConfirmsLinks();
  return SocketOf(FindInverted(everything, invert, context));
}

}  // namespace keepalive
