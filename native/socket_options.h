#pragma once

#include <cstdint>

// The seam: what each operating system's file implements, one option at a time. No Node-API and no OS headers here.
namespace keepalive {

// A descriptor on POSIX, a SOCKET on Windows.
using Socket = std::intptr_t;

// In the order of the result array that JavaScript reads.
enum Option : int {
  kEnabled,       // 0 or 1
  kInitialDelay,  // seconds
  kInterval,      // seconds
  kCount,
  kUserTimeout,  // milliseconds
  kOptionCount,
};

// As a value of kUserTimeout: this OS has no such option (when read), leave it alone (when applied). No option, no
// field of TcpInfo and no error has this value.
constexpr std::int32_t kAbsent = INT32_MIN;

// Errors are libuv's: 0, or a negative number that util.getSystemErrorName() can name.
// An option that the OS lacks answers kNoSuchOption, never success.
extern const int kNoSuchOption;
int GetOption(Socket socket, Option option, std::int32_t* value);
int SetOption(Socket socket, Option option, std::int32_t value);

// What the kernel will hold after SetOption(option, value): macOS keeps the user timeout in whole seconds.
std::int32_t AsHeld(Option option, std::int32_t value);

// The most probes that the count can ask for.
extern const std::int32_t kLargestCount;

// Whether what the count allows is held against all of the silence, also against what was before the call. macOS: xnu
// bsd/netinet/tcp_timer.c, tcp_timers, TCPT_KEEP, ends a connection that was silent for delay + interval * count by
// t_rcvtime, and looks before it sends a probe; a new delay sets the timer anew and leaves t_rcvtime (tcp_usrreq.c,
// tcp_ctloutput). It does not tell how long the silence was.
extern const bool kCountHoldsSilence;

// When the kernel starts its timer. Linux: when keepalive is enabled; an initial delay that is set later can cause a
// probe at once. macOS: when the initial delay is set, for as long as that is if keepalive is enabled by then.
extern const bool kEnableFirst;

// Windows before 10.0.16299 has no timing options, only one write-only call that enables keepalive with an initial
// delay and an interval, and fixes the count. kTimingAtOnce says whether this OS has that call; where not, it refuses.
extern const bool kTimingAtOnce;
constexpr std::int32_t kCountAtOnce = 10;
int EnableAtOnce(Socket socket, std::int32_t initial_delay, std::int32_t interval);

// Connections of a listening socket that wait to be accepted, or kNoSuchOption where the OS does not tell.
int GetAcceptQueueLength(Socket socket, std::int32_t* length);

// An unconnected TCP socket of this process, to ask the kernel without touching anybody's connection.
int OpenScratchSocket(Socket* socket);
void CloseSocket(Socket socket);

// The name in this OS's documentation, for error messages.
const char* OptionName(Option option);

}  // namespace keepalive
