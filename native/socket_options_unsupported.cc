// For an operating system whose headers we have not read: every call refuses.
#include <cerrno>

#include "socket_options.h"

namespace keepalive {

const int kNoSuchOption = -ENOPROTOOPT;

int GetOption(Socket, Option, std::int32_t*) { return kNoSuchOption; }

int SetOption(Socket, Option, std::int32_t) { return kNoSuchOption; }

std::int32_t AsHeld(Option, std::int32_t value) { return value; }

const std::int32_t kLargestCount = 0;

const bool kEnableFirst = false;

const bool kCountHoldsSilence = false;

const bool kTimingAtOnce = false;

int EnableAtOnce(Socket, std::int32_t, std::int32_t) { return kNoSuchOption; }

int GetAcceptQueueLength(Socket, std::int32_t*) { return kNoSuchOption; }

int OpenScratchSocket(Socket* socket) {
  *socket = -1;
  return 0;
}

void CloseSocket(Socket) {}

const char* OptionName(Option option) {
  static const char* const kNames[kOptionCount] = {"SO_KEEPALIVE", "TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT",
                                                   "TCP_USER_TIMEOUT"};
  return kNames[option];
}

}  // namespace keepalive
