// Fields and units: https://learn.microsoft.com/windows/win32/api/mstcpip/ns-mstcpip-tcp_info_v0, from 10.0.15063. The
// later version adds no field that is read here. mstcpip.h needs the types of the headers before it.
// clang-format off
#include <winsock2.h>
#include <ws2tcpip.h>
#include <mstcpip.h>
// clang-format on
#include <uv.h>

#include "tcp_info.h"
#include "windows_error.h"

namespace keepalive {

const bool kTcpInfoIsIoctl = true;
const char* const kTcpInfoName = "SIO_TCP_INFO";

namespace {

// TCPSTATE numbers them from 0 in this order.
constexpr TcpState kStates[] = {kClosed,   kListen,    kSynSent, kSynReceived, kEstablished, kFinWait1,
                                kFinWait2, kCloseWait, kClosing, kLastAck,     kTimeWait};
constexpr int kStateCount = sizeof(kStates) / sizeof(kStates[0]);

}  // namespace

int GetTcpInfo(Socket socket, TcpInfo* info) {
  DWORD version = 0;
  TCP_INFO_v0 raw = {};
  DWORD bytes = 0;
  const int refused = WSAIoctl(static_cast<SOCKET>(socket), SIO_TCP_INFO, &version, sizeof(version), &raw, sizeof(raw),
                               &bytes, nullptr, nullptr);
  if (refused != 0) {
    const int error = WSAGetLastError();
    return error == WSAEOPNOTSUPP || error == WSAEINVAL ? kNoSuchOption : FromWinsock(error);
  }

  for (std::int32_t& value : info->value) value = kAbsent;
  const int state = static_cast<int>(raw.State);
  if (state >= 0 && state < kStateCount) info->value[kState] = kStates[state];
  info->value[kRtt] = raw.RttUs > INT32_MAX ? INT32_MAX : static_cast<std::int32_t>(raw.RttUs);
  return 0;
}

std::int32_t GetLastHeard(Socket) { return kNoSuchOption; }

int GetUnanswered(Socket, Unanswered* unanswered) {
  *unanswered = {};
  return 0;
}

}  // namespace keepalive
