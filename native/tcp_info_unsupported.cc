#include "tcp_info.h"

namespace keepalive {

const bool kTcpInfoIsIoctl = false;
const char* const kTcpInfoName = "TCP_INFO";

int GetTcpInfo(Socket, TcpInfo*) { return kNoSuchOption; }

std::int32_t GetLastHeard(Socket) { return kNoSuchOption; }

int GetUnanswered(Socket, Unanswered* unanswered) {
  *unanswered = {};
  return 0;
}

}  // namespace keepalive
