#include "model_info.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "../../../native/tcp_info.h"
#include "model_kernel.h"

extern "C" int __wrap_getsockopt(int fd, int level, int name, void* value, socklen_t* length);

namespace model {

namespace {

constexpr std::uint32_t kUnacknowledged = 24;
constexpr std::uint32_t kDataReceived = 52;
constexpr std::uint32_t kAckReceived = 56;
// Of an answer that ends before tcpi_total_retrans nothing is believed.
constexpr std::uint32_t kShortest = 104;

// By InfoField: where it is, and how many bytes.
constexpr std::uint32_t kFields[][2] = {{0, 1},  {68, 4},  {72, 4}, {2, 1},  {3, 1},
                                        {24, 4}, {144, 4}, {44, 4}, {52, 4}, {56, 4}};

// Little-endian, as everything that the fuzzer runs on.
std::uint32_t At(std::uint32_t offset, std::uint32_t size) {
  std::uint32_t value = 0;
  std::memcpy(&value, kernel.info.data() + offset, size);
  return value;
}

std::int32_t State(std::uint32_t number) {
  switch (number) {
    case TCP_ESTABLISHED:
      return keepalive::kEstablished;
    case TCP_SYN_SENT:
      return keepalive::kSynSent;
    case TCP_SYN_RECV:
    case 12:  // TCP_NEW_SYN_RECV
      return keepalive::kSynReceived;
    case TCP_FIN_WAIT1:
      return keepalive::kFinWait1;
    case TCP_FIN_WAIT2:
      return keepalive::kFinWait2;
    case TCP_TIME_WAIT:
      return keepalive::kTimeWait;
    case TCP_CLOSE:
      return keepalive::kClosed;
    case TCP_CLOSE_WAIT:
      return keepalive::kCloseWait;
    case TCP_LAST_ACK:
      return keepalive::kLastAck;
    case TCP_LISTEN:
      return keepalive::kListen;
    case TCP_CLOSING:
      return keepalive::kClosing;
    default:
      return keepalive::kAbsent;
  }
}

std::int32_t AtMost(std::uint32_t value) {
  return static_cast<std::int32_t>(std::min<std::uint32_t>(value, INT32_MAX));
}

}  // namespace

std::int32_t InfoField(int field) {
  const auto [offset, size] = kFields[field];
  if (kShortest > kernel.info_length || offset + size > kernel.info_length) return keepalive::kAbsent;
  return field == keepalive::kState ? State(At(offset, size)) : AtMost(At(offset, size));
}

std::int32_t LastHeard() {
  if (kAckReceived + 4 > kernel.info_length) return keepalive::kNoSuchOption;
  return AtMost(std::min(At(kDataReceived, 4), At(kAckReceived, 4)));
}

std::int32_t AcceptQueueLength() {
  const std::uint32_t end = std::min(kernel.info_length, kUnacknowledged + 4);
  return end <= kUnacknowledged ? 0 : static_cast<std::int32_t>(At(kUnacknowledged, end - kUnacknowledged));
}

int AskInfo(int socket) {
  char info[512];
  socklen_t length = sizeof(info);
  return __wrap_getsockopt(socket, IPPROTO_TCP, TCP_INFO, info, &length) == 0 ? 0 : -errno;
}

}  // namespace model
