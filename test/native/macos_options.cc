// A Linux kernel that plays macOS: keepalive is enabled first, the user timeout in whole seconds.
#define kEnableFirst kLinuxEnableFirst
#define kUserTimeoutUnit kLinuxUserTimeoutUnit
#define kCountHoldsSilence kLinuxCountHoldsSilence
#include "../../native/socket_options_linux.cc"
#undef kEnableFirst
#undef kUserTimeoutUnit
#undef kCountHoldsSilence

namespace keepalive {
extern const bool kEnableFirst;
const bool kEnableFirst = true;
extern const bool kCountHoldsSilence;
const bool kCountHoldsSilence = true;
const std::int32_t kUserTimeoutUnit = 1000;
}  // namespace keepalive

#include "../../native/socket_options_posix.cc"
