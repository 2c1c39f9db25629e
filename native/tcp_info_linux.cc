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

std::uint32_t SinceHeard(const struct tcp_info& raw) {
  return std::min(raw.tcpi_last_data_recv, raw.tcpi_last_ack_recv);
}

constexpr std::uint32_t kLongestTimeout = 120'000;  // include/net/tcp.h, TCP_RTO_MAX

// kernel/time/timer.c: a timer is rounded up by an eighth at most.
constexpr std::uint32_t kRounding = 8;

std::uint32_t Rounded(std::uint32_t time) { return time + time / kRounding; }

constexpr std::uint32_t kUnsentAgain = 500;  // TCP_RESOURCE_PROBE_INTERVAL

// net/ipv4/tcp_timer.c, retransmits_timed_out, counts from the first retransmission. Each one doubles the timeout, so
// the timeouts that have passed since the first add up to the present timeout less twice the original one. For thin
// streams, and for data that this machine could not send (half a second each), the timeout is not doubled. Once the
// timeout has its largest value, it does not tell how many have passed.
std::uint32_t SinceFirstRetransmission(const struct tcp_info& raw) {
  if (raw.tcpi_retransmits == 0) return 0;
  const std::uint32_t timeout = raw.tcpi_rto / 1000;
  if (timeout >= kLongestTimeout) return Rounded(SinceHeard(raw));
  const std::uint32_t first = timeout >> std::min<unsigned>(raw.tcpi_backoff, 31);
  const std::uint32_t doubled = timeout > 2 * first ? timeout - 2 * first : 0;
  const std::uint32_t others = raw.tcpi_retransmits > raw.tcpi_backoff ? raw.tcpi_retransmits - raw.tcpi_backoff : 0;
  return raw.tcpi_last_data_sent + Rounded(doubled + others * std::max(first, kUnsentAgain));
}

// No Linux returns less than this: tcp_info of Linux 2.6 ended there. qemu's user-mode emulation returns four bytes, in
// an order that can be wrong; they are ignored.
constexpr socklen_t kShortest = offsetof(struct tcp_info, tcpi_total_retrans) + sizeof(tcp_info::tcpi_total_retrans);

// tcp_probe0_when (include/net/tcp.h).
std::uint32_t WindowProbeTimer(const struct tcp_info& raw) {
  const std::uint64_t timeout = std::uint64_t{raw.tcpi_rto / 1000} << std::min<unsigned>(raw.tcpi_backoff, 31);
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(timeout, kLongestTimeout));
}

}  // namespace

int GetTcpInfo(Socket socket, TcpInfo* info) {
  struct tcp_info raw = {};
  socklen_t length = sizeof(raw);
  if (getsockopt(static_cast<int>(socket), IPPROTO_TCP, TCP_INFO, &raw, &length) != 0) return -errno;

  // An older kernel writes fewer fields than this was compiled with. The others are not known.
  const auto known = [length](std::size_t end, std::uint32_t value) {
    return kShortest <= length && end <= length ? Clamped(value) : kAbsent;
  };
#define FIELD(name) known(offsetof(struct tcp_info, name) + sizeof(raw.name), raw.name)
  info->value[kState] = kShortest <= length ? State(raw.tcpi_state) : kAbsent;
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
  return Clamped(SinceHeard(raw));
}

int GetUnanswered(Socket socket, Unanswered* unanswered) {
  struct tcp_info raw = {};
  socklen_t length = sizeof(raw);
  if (getsockopt(static_cast<int>(socket), IPPROTO_TCP, TCP_INFO, &raw, &length) != 0) return -errno;
  if (length < kShortest) raw = {};
  // Three timers compare three different times with the user timeout: that of data in flight, that of data for which
  // the peer has no room (tcp_probe_timer, whose probes are not data), and that of an idle connection
  // (tcp_keepalive_timer).
  const bool in_flight = raw.tcpi_unacked > 0;
  const bool waits_for_room = !in_flight && raw.tcpi_notsent_bytes > 0;
  unanswered->time = Clamped(in_flight        ? SinceFirstRetransmission(raw)
                             : waits_for_room ? raw.tcpi_last_data_sent
                                              : SinceHeard(raw));
  // The first retransmission is sent without a check of the user timeout. The kernel does not tell when it sent a
  // window probe.
  unanswered->timer = Clamped(in_flight        ? (raw.tcpi_retransmits > 0 ? raw.tcpi_rto / 1000 : 0)
                              : waits_for_room ? WindowProbeTimer(raw)
                                               : 0);
  unanswered->timer_since = in_flight ? Clamped(raw.tcpi_last_data_sent) : 0;
  // Data that arrives without a new acknowledgement leaves the probes unanswered (tcp_rcv_established).
  const std::int32_t idle = raw.tcpi_probes > 0 ? Clamped(raw.tcpi_last_ack_recv) : unanswered->time;
  unanswered->since_answer = in_flight || waits_for_room ? std::min(unanswered->time, INT32_MAX - kTwoTicks) + kTwoTicks
                                                         : std::max(idle, kTwoTicks) - kTwoTicks;
  unanswered->probes = raw.tcpi_probes;
  return 0;
}

}  // namespace keepalive
