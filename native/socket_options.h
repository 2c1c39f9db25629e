#pragma once

#include <cstdint>

// The seam: the functions that the file of each operating system implements, one option at a time. This header uses
// neither Node-API nor headers of an OS.
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

// In settings read: this OS does not have the option (only kUserTimeout). In settings to apply: leave the option alone.
// No option, no field of TcpInfo and no error has this value.
constexpr std::int32_t kAbsent = INT32_MIN;

// Errors are libuv's: 0, or a negative number that util.getSystemErrorName() can name. For an option that the OS does
// not have, the result is kNoSuchOption, never success.
extern const int kNoSuchOption;
int GetOption(Socket socket, Option option, std::int32_t* value);
int SetOption(Socket socket, Option option, std::int32_t value);

// What the kernel will hold after SetOption(option, value): macOS keeps the user timeout in whole seconds.
std::int32_t AsHeld(Option option, std::int32_t value);

// The highest count that the OS accepts.
extern const std::int32_t kLargestCount;

// Whether the kernel compares delay + interval * count with all of the silence, including that before the call. macOS
// does: xnu bsd/netinet/tcp_timer.c, tcp_timers, TCPT_KEEP, ends a connection that was silent for that long
// (t_rcvtime), and checks this before it sends a probe. A new delay restarts the timer and leaves t_rcvtime
// (tcp_usrreq.c, tcp_ctloutput). macOS does not tell how long the silence was.
extern const bool kCountHoldsSilence;

// Whether to enable keepalive before the timing is set. Linux starts its timer when keepalive is enabled; an initial
// delay that is set later can cause a probe at once. macOS starts its timer when the initial delay is set, and with
// that delay only if keepalive is enabled by then.
extern const bool kEnableFirst;

// Windows before 10.0.16299 has no timing options. It has one write-only call, which enables keepalive with an initial
// delay and an interval; the count is fixed. kTimingAtOnce: whether this OS has that call. If not, EnableAtOnce
// refuses.
extern const bool kTimingAtOnce;
constexpr std::int32_t kCountAtOnce = 10;
int EnableAtOnce(Socket socket, std::int32_t initial_delay, std::int32_t interval);

// How many connections of a listening socket wait to be accepted. kNoSuchOption where the OS does not tell.
int GetAcceptQueueLength(Socket socket, std::int32_t* length);

// An unconnected TCP socket of this process, to ask the kernel without touching a user's connection.
int OpenScratchSocket(Socket* socket);
void CloseSocket(Socket socket);

// The name in this OS's documentation, for error messages.
const char* OptionName(Option option);

}  // namespace keepalive
