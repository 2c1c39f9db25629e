// Fields and units: xnu/bsd/netinet/tcp.h, tcp_connection_info. It does not tell when the last packets came.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

#include "tcp_info.h"

namespace keepalive {

const bool kTcpInfoIsIoctl = false;
const char* const kTcpInfoName = "TCP_CONNECTION_INFO";

namespace {

// xnu/bsd/netinet/tcp_fsm.h numbers them from 0 in this order.
constexpr TcpState kStates[] = {kClosed,   kListen,  kSynSent, kSynReceived, kEstablished, kCloseWait,
                                kFinWait1, kClosing, kLastAck, kFinWait2,    kTimeWait};
constexpr int kStateCount = sizeof(kStates) / sizeof(kStates[0]);

}  // namespace

int GetTcpInfo(Socket socket, TcpInfo* info) {
  struct tcp_connection_info raw = {};
  socklen_t length = sizeof(raw);
  if (getsockopt(static_cast<int>(socket), IPPROTO_TCP, TCP_CONNECTION_INFO, &raw, &length) != 0) return -errno;

  for (std::int32_t& value : info->value) value = kAbsent;
  if (raw.tcpi_state < kStateCount) info->value[kState] = kStates[raw.tcpi_state];
  info->value[kRtt] = static_cast<std::int32_t>(raw.tcpi_srtt) * 1000;
  info->value[kRttVariance] = static_cast<std::int32_t>(raw.tcpi_rttvar) * 1000;
  return 0;
}

std::int32_t GetLastHeard(Socket) { return kNoSuchOption; }

int GetUnanswered(Socket, Unanswered* unanswered) {
  *unanswered = {};
  return 0;
}

}  // namespace keepalive
