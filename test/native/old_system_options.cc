// A Linux kernel that plays an old system: no timing options but one call that sets them at once, as on Windows before
// 10.0.16299, and a user timeout in whole seconds, as on macOS.
#define GetOption PosixGetOption
#define SetOption PosixSetOption
#define EnableAtOnce PosixEnableAtOnce
#define kTimingAtOnce kPosixTimingAtOnce
#define kUserTimeoutUnit kLinuxUserTimeoutUnit
#include "../../native/socket_options_linux.cc"
#undef kUserTimeoutUnit

namespace keepalive {
const std::int32_t kUserTimeoutUnit = 1000;
}

#include "../../native/socket_options_posix.cc"
#undef GetOption
#undef SetOption
#undef EnableAtOnce
#undef kTimingAtOnce

namespace keepalive {

extern const bool kTimingAtOnce;
const bool kTimingAtOnce = true;

int GetOption(Socket socket, Option option, std::int32_t* value) {
  const bool readable = option == kEnabled || option == kUserTimeout;
  return readable ? PosixGetOption(socket, option, value) : kNoSuchOption;
}

int SetOption(Socket socket, Option option, std::int32_t value) {
  const bool settable = option == kEnabled || option == kUserTimeout;
  return settable ? PosixSetOption(socket, option, value) : kNoSuchOption;
}

int EnableAtOnce(Socket socket, std::int32_t initial_delay, std::int32_t interval) {
  int error = PosixSetOption(socket, kInitialDelay, initial_delay);
  if (error == 0) error = PosixSetOption(socket, kInterval, interval);
  if (error == 0) error = PosixSetOption(socket, kEnabled, 1);
  return error;
}

}  // namespace keepalive
