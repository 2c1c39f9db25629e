// Fields and units: include/uapi/linux/tcp.h; filled by net/ipv4/tcp.c, tcp_get_info.
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <initializer_list>

#include "linux_tcp.h"
#include "tcp_info.h"

namespace keepalive {

const bool kTcpInfoIsIoctl = false;
const char* const kTcpInfoName = "TCP_INFO";

namespace {

// include/net/tcp_states.h numbers them from 1 in this order.
constexpr TcpState kStates[] = {kEstablished, kSynSent,   kSynReceived, kFinWait1, kFinWait2, kTimeWait,
                                kClosed,      kCloseWait, kLastAck,     kListen,   kClosing};
constexpr int kStateCount = sizeof(kStates) / sizeof(kStates[0]);

std::int32_t State(int number) {
  if (number == kStateCount + 1) return kSynReceived;  // TCP_NEW_SYN_RECV
  return number >= 1 && number <= kStateCount ? kStates[number - 1] : kAbsent;
}

std::int32_t Clamped(std::uint32_t value) { return value > INT32_MAX ? INT32_MAX : static_cast<std::int32_t>(value); }

}  // namespace

int GetTcpInfo(Socket socket, TcpInfo* info) {
  struct tcp_info raw = {};
  socklen_t length = sizeof(raw);
  if (getsockopt(static_cast<int>(socket), IPPROTO_TCP, TCP_INFO, &raw, &length) != 0) return -errno;

  // An older kernel answers less than this was compiled with: what it did not write is not known.
  const auto known = [length](std::size_t end, std::uint32_t value) {
    return end <= length ? Clamped(value) : kAbsent;
  };
#define FIELD(name) known(offsetof(struct tcp_info, name) + sizeof(raw.name), raw.name)
  info->value[kState] = length > 0 ? State(raw.tcpi_state) : kAbsent;
  info->value[kRtt] = FIELD(tcpi_rtt);
  info->value[kRttVariance] = FIELD(tcpi_rttvar);
  info->value[kRetransmits] = FIELD(tcpi_retransmits);
  info->value[kUnansweredProbes] = FIELD(tcpi_probes);
  info->value[kUnacknowledged] = FIELD(tcpi_unacked);
  info->value[kNotSent] = FIELD(tcpi_notsent_bytes);
  info->value[kSinceDataSent] = FIELD(tcpi_last_data_sent);
  info->value[kSinceDataReceived] = FIELD(tcpi_last_data_recv);
  info->value[kSinceAckReceived] = FIELD(tcpi_last_ack_recv);
#undef FIELD
  return 0;
}

std::int32_t GetLastHeard(Socket socket) {
  struct tcp_info raw = {};
  constexpr socklen_t kNeeded = offsetof(struct tcp_info, tcpi_last_ack_recv) + sizeof(raw.tcpi_last_ack_recv);
  socklen_t length = kNeeded;
  if (getsockopt(static_cast<int>(socket), IPPROTO_TCP, TCP_INFO, &raw, &length) != 0) return -errno;
  if (length < kNeeded) return kNoSuchOption;
  return Clamped(std::min(raw.tcpi_last_data_recv, raw.tcpi_last_ack_recv));
}

}  // namespace keepalive
