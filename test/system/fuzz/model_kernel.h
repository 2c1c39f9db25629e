#pragma once

#include <array>
#include <cstdint>
#include <map>

// A kernel for the fuzzer: its sockets are numbers of its own, its calls are refused as the fuzzer likes. The addon's
// calls reach it through the linker (--wrap).
namespace model {

enum Call : int { kGet, kSet, kOpen, kClose };

// Of one socket, in the order of keepalive::Option and in the kernel's units.
using Options = std::array<int, 5>;

struct Refusal {
  int call = -1;
  int nth = 0;  // of these calls
  int times = 0;
  int error = 0;
};

struct Kernel {
  std::map<int, Options> sockets;
  Options fresh{{0, 7200, 75, 9, 0}};  // what a new socket has
  bool has_user_timeout = true;
  bool has_ipv4 = true;
  std::array<std::uint8_t, 512> info{};  // what TCP_INFO answers
  std::uint32_t info_length = 0;
  std::array<Refusal, 2> refusals;
  bool is_asked = false;  // by the addon: no descriptor is this process's own

  int sets = 0;                   // that were taken
  bool delayed_while_on = false;  // an initial delay was set on a socket with keepalive on: Linux would send a probe
  int next = kFirst;

  static constexpr int kFirst = 1000000;
};

extern Kernel kernel;

}  // namespace model
