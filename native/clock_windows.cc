#include <windows.h>

#include "clock.h"

namespace keepalive {

// Includes sleep and hibernation: https://learn.microsoft.com/windows/win32/sysinfo/windows-time
std::int64_t BootMilliseconds() { return static_cast<std::int64_t>(GetTickCount64()); }

}  // namespace keepalive
