// Numbers and units: ws2ipdef.h, mstcpip.h and
// https://learn.microsoft.com/windows/win32/winsock/ipproto-tcp-socket-options
//
// By that page, TCP_KEEPCNT came with 10.0.15063, and TCP_KEEPIDLE and TCP_KEEPINTVL with 10.0.16299. Between these
// versions the timing cannot be read, so the count is treated as fixed there too. The page does not mention
// TCP_MAXRTMS.
//
// mstcpip.h needs the types of the headers before it.
// clang-format off
#include <winsock2.h>
#include <ws2tcpip.h>
#include <mstcpip.h>
// clang-format on
#include <uv.h>

#include <atomic>

#include "socket_options.h"
#include "windows_error.h"

namespace keepalive {

const int kNoSuchOption = UV_ENOPROTOOPT;
const bool kTimingAtOnce = true;
const std::int32_t kLargestCount = 255;
const bool kEnableFirst = false;
const bool kCountHoldsSilence = false;

namespace {

struct WinsockOption {
  int level;
  int name;
  const char* text;
};

// TCP_MAXRTMS is tried first. TCP_MAXRT, in seconds, is older.
constexpr WinsockOption kMaxRtMs = {IPPROTO_TCP, TCP_MAXRTMS, "TCP_MAXRTMS"};
constexpr WinsockOption kMaxRt = {IPPROTO_TCP, TCP_MAXRT, "TCP_MAXRT"};

constexpr WinsockOption kOptions[kOptionCount] = {
    {SOL_SOCKET, SO_KEEPALIVE, "SO_KEEPALIVE"},
    {IPPROTO_TCP, TCP_KEEPIDLE, "TCP_KEEPIDLE"},
    {IPPROTO_TCP, TCP_KEEPINTVL, "TCP_KEEPINTVL"},
    {IPPROTO_TCP, TCP_KEEPCNT, "TCP_KEEPCNT"},
    kMaxRtMs,
};

int LastError() { return FromWinsock(WSAGetLastError()); }

int Get(Socket socket, const WinsockOption& option, std::int32_t* value) {
  std::int32_t held = 0;  // SO_KEEPALIVE is answered with one byte
  int length = sizeof(held);
  if (getsockopt(static_cast<SOCKET>(socket), option.level, option.name, reinterpret_cast<char*>(&held), &length) !=
      0) {
    return LastError();
  }
  *value = held;
  return 0;
}

int Set(Socket socket, const WinsockOption& option, std::int32_t value) {
  const char* bytes = reinterpret_cast<const char*>(&value);
  return setsockopt(static_cast<SOCKET>(socket), option.level, option.name, bytes, sizeof(value)) == 0 ? 0
                                                                                                       : LastError();
}

// TCP_MAXRT's documentation: -1 disables the timeout.
constexpr std::int32_t kForever = -1;

// Rounded up, so that no connection is ended early.
std::int32_t InSeconds(std::int32_t milliseconds) {
  return milliseconds < 0 ? milliseconds : milliseconds / 1000 + (milliseconds % 1000 != 0 ? 1 : 0);
}

int GetUserTimeout(Socket socket, std::int32_t* milliseconds) {
  constexpr std::int32_t kLongest = INT32_MAX;  // windows.h makes max a macro
  std::int32_t held = 0;
  std::int32_t unit = 1;
  int error = Get(socket, kMaxRtMs, &held);
  if (error == UV_ENOPROTOOPT) {
    error = Get(socket, kMaxRt, &held);
    unit = 1000;
  }
  if (error != 0) return error;
  *milliseconds = held < 0 ? kForever : held > kLongest / unit ? kLongest : held * unit;
  return 0;
}

// For this package, 0 is the system's default. Windows does not document that for its option, so the value of a new
// socket is set.
std::int32_t OrDefault(std::int32_t milliseconds) {
  static std::atomic<std::int32_t> known{kAbsent};
  if (milliseconds != 0) return milliseconds;
  std::int32_t value = known.load(std::memory_order_relaxed);
  if (value != kAbsent) return value;
  Socket scratch = 0;
  if (OpenScratchSocket(&scratch) != 0) return 0;
  const bool told = GetUserTimeout(scratch, &value) == 0;
  CloseSocket(scratch);
  if (!told) return 0;
  known.store(value, std::memory_order_relaxed);
  return value;
}

int SetUserTimeout(Socket socket, std::int32_t wanted) {
  const std::int32_t milliseconds = OrDefault(wanted);
  const int error = Set(socket, kMaxRtMs, milliseconds);
  return error == UV_ENOPROTOOPT ? Set(socket, kMaxRt, InSeconds(milliseconds)) : error;
}

}  // namespace

int GetOption(Socket socket, Option option, std::int32_t* value) {
  return option == kUserTimeout ? GetUserTimeout(socket, value) : Get(socket, kOptions[option], value);
}

int SetOption(Socket socket, Option option, std::int32_t value) {
  return option == kUserTimeout ? SetUserTimeout(socket, value) : Set(socket, kOptions[option], value);
}

// Not exact where only TCP_MAXRT exists, which is in seconds: the user timeout is then set on each apply.
std::int32_t AsHeld(Option option, std::int32_t value) { return option == kUserTimeout ? OrDefault(value) : value; }

int EnableAtOnce(Socket socket, std::int32_t initial_delay, std::int32_t interval) {
  struct tcp_keepalive values = {1, static_cast<ULONG>(initial_delay) * 1000, static_cast<ULONG>(interval) * 1000};
  DWORD bytes = 0;
  const int refused = WSAIoctl(static_cast<SOCKET>(socket), SIO_KEEPALIVE_VALS, &values, sizeof(values), nullptr, 0,
                               &bytes, nullptr, nullptr);
  return refused == 0 ? 0 : LastError();
}

int GetAcceptQueueLength(Socket, std::int32_t*) { return kNoSuchOption; }

int OpenScratchSocket(Socket* socket) {
  constexpr DWORD kFlags = WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT;
  SOCKET opened = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, nullptr, 0, kFlags);
  if (opened == INVALID_SOCKET && WSAGetLastError() == WSAEAFNOSUPPORT) {
    opened = WSASocketW(AF_INET6, SOCK_STREAM, IPPROTO_TCP, nullptr, 0, kFlags);
  }
  if (opened == INVALID_SOCKET) return LastError();
  *socket = static_cast<Socket>(opened);
  return 0;
}

void CloseSocket(Socket socket) { closesocket(static_cast<SOCKET>(socket)); }

const char* OptionName(Option option) { return kOptions[option].text; }

}  // namespace keepalive
