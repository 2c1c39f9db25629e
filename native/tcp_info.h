#pragma once

#include "socket_options.h"

// The seam for what the kernel knows about a connection; one file per OS.
namespace keepalive {

// In the order of the array that JavaScript reads. kAbsent: this OS, or this version of it, does not tell.
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

// The states of RFC 9293, numbered as in src/tcp-info.ts.
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

// 0 or a libuv error; kNoSuchOption where the OS has nothing of the kind. Every field is set on success.
int GetTcpInfo(Socket socket, TcpInfo* info);

// Milliseconds since the peer was last heard from (data or an acknowledgement), or a libuv error; kNoSuchOption where
// the OS does not tell. The same system call.
std::int32_t GetLastHeard(Socket socket);

// What the kernel would judge the peer of a connection by if its options were new: for how many milliseconds, and over
// how many probes, it has left unanswered what was sent, or nothing has come. Zeros where the OS does not tell.
struct Unanswered {
  std::int32_t time;
  std::int32_t probes;
};

// 0 or a libuv error.
int GetUnanswered(Socket socket, Unanswered* unanswered);

// The system call that GetTcpInfo makes, and what it asks for, for error messages.
extern const bool kTcpInfoIsIoctl;
extern const char* const kTcpInfoName;

}  // namespace keepalive
