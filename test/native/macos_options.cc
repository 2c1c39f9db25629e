// A Linux kernel that plays macOS: keepalive is enabled first, the user timeout in whole seconds.
#define kEnableFirst kLinuxEnableFirst
#define kUserTimeoutUnit kLinuxUserTimeoutUnit
#include "../../native/socket_options_linux.cc"
#undef kEnableFirst
#undef kUserTimeoutUnit

namespace keepalive {
extern const bool kEnableFirst;
const bool kEnableFirst = true;
const std::int32_t kUserTimeoutUnit = 1000;
}  // namespace keepalive

#include "../../native/socket_options_posix.cc"
