#pragma once

#include "socket_options.h"

// The seam for what the kernel knows about a connection. One file per OS.
namespace keepalive {

// kAbsent: this OS, or this version of it, does not tell.
enum InfoField : int {
  kState,  // TcpState
  kRtt,    // microseconds, smoothed
  kRttVariance,
  kRetransmits,       // consecutive retransmissions of what is in flight
  kUnansweredProbes,  // keepalive or zero-window probes
  kUnacknowledged,    // segments
  kNotSent,           // bytes
  kSinceDataSent,     // milliseconds
  kSinceDataReceived,
  kSinceAckReceived,
  kInfoFieldCount,
};

// Indexed by InfoField: the properties of TcpInfo in src/socket/tcp-info.ts.
inline constexpr const char* kInfoNames[] = {
    "state",          "rtt",     "rttVariance",   "retransmits",       "unansweredProbes",
    "unacknowledged", "notSent", "sinceDataSent", "sinceDataReceived", "sinceAckReceived",
};
static_assert(sizeof(kInfoNames) / sizeof(kInfoNames[0]) == kInfoFieldCount, "a name for each field");

// The states of RFC 9293, numbered as in src/socket/tcp-info.ts.
enum TcpState : std::int32_t {
  kEstablished,
  kSynSent,
  kSynReceived,
  kFinWait1,
  kFinWait2,
  kTimeWait,
  kClosed,
  kCloseWait,
  kLastAck,
  kListen,
  kClosing,
};

struct TcpInfo {
  std::int32_t value[kInfoFieldCount];
};

// 0 or a libuv error: kNoSuchOption where the OS does not have such a call. Every field is set on success.
int GetTcpInfo(Socket socket, TcpInfo* info);

// Milliseconds since the peer was last heard from (data or an acknowledgement), by the same system call, or a libuv
// error: kNoSuchOption where the OS does not tell.
std::int32_t GetLastHeard(Socket socket);

// What the kernel counts against the peer of a connection: for how many milliseconds it was silent or left data
// unacknowledged, and how many probes it did not answer. Zeros where the OS does not tell.
struct Unanswered {
  std::int32_t time;          // what the kernel compares with a user timeout
  std::int32_t timer;         // with data to send: the length of the running timer; the next one is twice as long
  std::int32_t timer_since;   // how long ago it was set
  std::int32_t since_answer;  // since the peer answered, or at least so long; with data to send, at most so long
  std::int32_t probes;
};

// Both ends of a time are rounded to ticks of the kernel's clock, of 10 ms at most (CONFIG_HZ=100).
constexpr std::int32_t kTwoTicks = 20;

// 0 or a libuv error.
int GetUnanswered(Socket socket, Unanswered* unanswered);

// The system call that GetTcpInfo makes, and what it asks for, for error messages.
extern const bool kTcpInfoIsIoctl;
extern const char* const kTcpInfoName;

}  // namespace keepalive
