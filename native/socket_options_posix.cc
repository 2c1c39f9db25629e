// The POSIX calls over the option table of one OS. libuv's error numbers are -errno here.
#include "socket_options_posix.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace keepalive {

namespace {

// Converts to the kernel's unit, rounded up so that no connection is ended early. No sum is used, because it could
// overflow.
std::int32_t InUserTimeoutUnits(std::int32_t milliseconds) {
  return milliseconds / kUserTimeoutUnit + (milliseconds % kUserTimeoutUnit != 0 ? 1 : 0);
}

// Other code can have set more than fits.
std::int32_t InMilliseconds(std::int32_t units) {
  return static_cast<std::int32_t>(std::min<std::int64_t>(std::int64_t{units} * kUserTimeoutUnit, INT32_MAX));
}

int OpenTcpSocket(int family) {
#ifdef SOCK_CLOEXEC
  return socket(family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
#else
  return socket(family, SOCK_STREAM, IPPROTO_TCP);
#endif
}

}  // namespace

const int kNoSuchOption = -ENOPROTOOPT;

int GetOption(Socket socket, Option option, std::int32_t* value) {
  int held = 0;
  socklen_t length = sizeof(held);
  const PosixOption& entry = kPosixOptions[option];
  if (getsockopt(static_cast<int>(socket), entry.level, entry.name, &held, &length) != 0) return -errno;
  if (option == kEnabled) held = held != 0 ? 1 : 0;  // BSD returns the bit of the flag
  if (option == kUserTimeout) held = InMilliseconds(held);
  *value = held;
  return 0;
}

int SetOption(Socket socket, Option option, std::int32_t value) {
  const int wanted = option == kUserTimeout ? InUserTimeoutUnits(value) : value;
  const PosixOption& entry = kPosixOptions[option];
  return setsockopt(static_cast<int>(socket), entry.level, entry.name, &wanted, sizeof(wanted)) == 0 ? 0 : -errno;
}

std::int32_t AsHeld(Option option, std::int32_t value) {
  return option == kUserTimeout ? InMilliseconds(InUserTimeoutUnits(value)) : value;
}

const bool kTimingAtOnce = false;

int EnableAtOnce(Socket, std::int32_t, std::int32_t) { return kNoSuchOption; }

int OpenScratchSocket(Socket* socket) {
  int descriptor = OpenTcpSocket(AF_INET);
  if (descriptor < 0 && errno == EAFNOSUPPORT) descriptor = OpenTcpSocket(AF_INET6);
  if (descriptor < 0) return -errno;
  *socket = descriptor;
  return 0;
}

void CloseSocket(Socket socket) { close(static_cast<int>(socket)); }

const char* OptionName(Option option) { return kPosixOptions[option].text; }

}  // namespace keepalive
