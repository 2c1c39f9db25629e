#pragma once

#include <cstdint>

namespace keepalive {

// Milliseconds on a clock that nobody sets and goes on while the machine sleeps.
std::int64_t BootMilliseconds();

}  // namespace keepalive
