#include <ctime>

#include "clock.h"

namespace keepalive {

namespace {

// Linux stops CLOCK_MONOTONIC in suspend, macOS does not (clock_gettime(3) of each).
#ifdef CLOCK_BOOTTIME
constexpr clockid_t kClock = CLOCK_BOOTTIME;
#else
constexpr clockid_t kClock = CLOCK_MONOTONIC;
#endif

}  // namespace

std::int64_t BootMilliseconds() {
  timespec now = {};
  clock_gettime(kClock, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

}  // namespace keepalive
