#pragma once

#include <cstdint>

// What TCP_INFO of the model kernel says, taken apart by the offsets of include/uapi/linux/tcp.h: the answers that the
// addon must give, by another road than native/tcp_info_linux.cc.
namespace model {

// By keepalive::InfoField; kAbsent where the kernel has not written so far.
std::int32_t InfoField(int field);
// Milliseconds, or kNoSuchOption.
std::int32_t LastHeard();
// Of a listening socket.
std::int32_t AcceptQueueLength();

// 0, or -errno: what TCP_INFO of this socket is answered with now. Uses up refusals, as a call of the addon does.
int AskInfo(int socket);

}  // namespace model
