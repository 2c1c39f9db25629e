// Drives native/ over real sockets without Node, so that valgrind and sanitizers see every byte of it. Linked with the
// files of one system: this one's, old_system_options.cc, macos_options.cc, or those of an unsupported one (called with
// an argument).
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../../native/keepalive.h"
#include "../../native/tcp_info.h"

namespace {

using keepalive::kAbsent;
using keepalive::kNoSuchOption;
using keepalive::kTimingAtOnce;
using keepalive::Outcome;
using keepalive::Settings;

int checks = 0;

void Check(bool holds, const char* what, int line) {
  ++checks;
  if (holds) return;
  std::fprintf(stderr, "seam.cc:%d: %s (errno %d)\n", line, what, errno);
  std::exit(1);
}
#define CHECK(condition) Check(condition, #condition, __LINE__)

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) { CHECK(number >= 0); }
  ~Descriptor() { close(number_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  operator int() const { return number_; }  // NOLINT(google-explicit-constructor): it stands for one

 private:
  int number_;
};

struct Address {
  sockaddr_storage storage;
  socklen_t length;
  sockaddr* Get() { return reinterpret_cast<sockaddr*>(&storage); }
};

Address Loopback(int family) {
  Address address = {};
  if (family == AF_INET) {
    sockaddr_in v4 = {};
    v4.sin_family = AF_INET;
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::memcpy(&address.storage, &v4, address.length = sizeof(v4));
  } else {
    sockaddr_in6 v6 = {};
    v6.sin6_family = AF_INET6;
    v6.sin6_addr = in6addr_loopback;
    std::memcpy(&address.storage, &v6, address.length = sizeof(v6));
  }
  return address;
}

int Listen(Address* address) {
  const int listener = socket(address->storage.ss_family, SOCK_STREAM, 0);
  CHECK(bind(listener, address->Get(), address->length) == 0);
  CHECK(listen(listener, 16) == 0);
  CHECK(getsockname(listener, address->Get(), &address->length) == 0);
  return listener;
}

int Connect(Address* address) {
  const int client = socket(address->storage.ss_family, SOCK_STREAM, 0);
  CHECK(connect(client, address->Get(), address->length) == 0);
  return client;
}

// The other road to the kernel.
int Held(int socket, int level, int name) {
  int value = -1;
  socklen_t length = sizeof(value);
  CHECK(getsockopt(socket, level, name, &value, &length) == 0);
  return value;
}

std::array<int, keepalive::kOptionCount> Held(int socket) {
  return {Held(socket, SOL_SOCKET, SO_KEEPALIVE), Held(socket, IPPROTO_TCP, TCP_KEEPIDLE),
          Held(socket, IPPROTO_TCP, TCP_KEEPINTVL), Held(socket, IPPROTO_TCP, TCP_KEEPCNT),
          Held(socket, IPPROTO_TCP, TCP_USER_TIMEOUT)};
}

constexpr int kOtherCount = 3;
constexpr int kTooMany = 200;  // the kernel takes 127 probes

void RefusesWhatIsNoTcpSocket(int descriptor, int error) {
  Settings held = {};
  CHECK(keepalive::Read(descriptor, &held).error == error);
  CHECK(keepalive::Apply(descriptor, {{1, 30, 5, keepalive::kCountAtOnce, 45'000}}, kAbsent).error == error);
}

// A user timeout, by what the system's AsHeld makes of 1 ms.
int InKernelUnits(int milliseconds) { return milliseconds / keepalive::AsHeld(keepalive::kUserTimeout, 1); }

void AppliesAndReads(int socket) {
  const int count = kTimingAtOnce ? keepalive::kCountAtOnce : kOtherCount;
  Outcome outcome = keepalive::Apply(socket, {{1, 30, 5, count, 45'000}}, kAbsent);
  CHECK(outcome.error == 0 && outcome.changes > 0);
  const auto first = Held(socket);
  CHECK(first[0] == 1 && first[1] == 30 && first[2] == 5);
  CHECK(kTimingAtOnce || first[3] == count);

  Settings held = {};
  outcome = keepalive::Read(socket, &held);
  CHECK(outcome.error == (kTimingAtOnce ? kNoSuchOption : 0));
  CHECK(held.value[keepalive::kEnabled] == 1);

  outcome = keepalive::Apply(socket, {{1, 30, 5, count, 45'000}}, kAbsent);
  CHECK(outcome.error == 0 && (kTimingAtOnce || outcome.changes == 0));
  CHECK(Held(socket) == first);

  CHECK(keepalive::Apply(socket, {{1, 17, 6, count, 33'000}}, kAbsent).error == 0);
  CHECK(Held(socket)[1] == 17 && Held(socket)[2] == 6 && Held(socket)[4] == InKernelUnits(33'000));
  CHECK(keepalive::Apply(socket, {{0, kAbsent, kAbsent, kAbsent, 0}}, kAbsent).error == 0);
  CHECK(Held(socket)[0] == 0 && Held(socket)[1] == 17 && Held(socket)[4] == 0);
  CHECK(keepalive::Apply(socket, {{0, kAbsent, kAbsent, kAbsent, kAbsent}}, kAbsent).error == 0);
}

// Refused by the kernel itself, each by another option: what the socket does is as it was.
void PutsBack(int socket) {
  for (const int enabled : {0, 1}) {
    const Settings before = {{enabled, 41, 7, kTimingAtOnce ? keepalive::kCountAtOnce : kOtherCount, 50'000}};
    CHECK(keepalive::Apply(socket, before, kAbsent).error == 0);
    const auto held = Held(socket);
    for (const Settings wanted : {Settings{{1, 30, 5, kTooMany, 45'000}}, Settings{{1, INT_MAX, 5, 10, 45'000}},
                                  Settings{{1, 30, INT_MAX, 10, 45'000}}, Settings{{1, 30, 5, 10, -7}}}) {
      const Outcome outcome = keepalive::Apply(socket, wanted, kAbsent);
      if (wanted.value[keepalive::kUserTimeout] < 0 && InKernelUnits(1'000) == 1)
        continue;  // whole seconds: -7 ms is 0
      CHECK(outcome.error != 0 && outcome.undo_error == 0);
      // Of a socket whose keepalive is off the timing has no effect, and may stay.
      if (!kTimingAtOnce && enabled == 1) CHECK(Held(socket) == held);
      CHECK(Held(socket)[0] == held[0]);
      CHECK(Held(socket)[4] == held[4]);
    }
  }
}

void KnowsTheConnection(int client, int accepted) {
  CHECK(write(client, "hello", 5) == 5);
  char text[8];
  CHECK(read(accepted, text, sizeof(text)) == 5);
  for (const int socket : {client, accepted}) {
    keepalive::TcpInfo info;
    CHECK(keepalive::GetTcpInfo(socket, &info) == 0);
    CHECK(info.value[keepalive::kState] == keepalive::kEstablished);
    CHECK(info.value[keepalive::kRtt] > 0);
    for (const std::int32_t value : info.value) CHECK(value >= 0);
    CHECK(keepalive::GetLastHeard(socket) >= 0 && keepalive::GetLastHeard(socket) < 10'000);
  }
  shutdown(client, SHUT_WR);
  CHECK(read(accepted, text, sizeof(text)) == 0);
  keepalive::TcpInfo info;
  CHECK(keepalive::GetTcpInfo(accepted, &info) == 0);
  CHECK(info.value[keepalive::kState] == keepalive::kCloseWait);
}

void Connections(int family) {
  Address address = Loopback(family);
  const Descriptor listener(Listen(&address));
  AppliesAndReads(listener);
  CHECK(keepalive::Apply(listener, {{1, 30, 5, keepalive::kCountAtOnce, 45'000}}, kAbsent).error == 0);
  const auto held = Held(listener);

  std::int32_t waiting = -1;
  CHECK(keepalive::GetAcceptQueueLength(listener, &waiting) == 0 && waiting == 0);
  const Descriptor client(Connect(&address));
  while (waiting == 0) CHECK(keepalive::GetAcceptQueueLength(listener, &waiting) == 0);
  CHECK(waiting == 1);
  const Descriptor accepted(accept(listener, nullptr, nullptr));
  CHECK(Held(accepted) == held);

  for (const int socket : {static_cast<int>(client), static_cast<int>(accepted)}) {
    AppliesAndReads(socket);
    PutsBack(socket);
  }
  KnowsTheConnection(client, accepted);
}

void NoConnections() {
  std::array<int, 2> ends = {};
  CHECK(pipe(ends.data()) == 0);
  const Descriptor reading(ends[0]);
  const Descriptor writing(ends[1]);
  RefusesWhatIsNoTcpSocket(reading, -ENOTSOCK);
  const Descriptor unix_socket(socket(AF_UNIX, SOCK_STREAM, 0));
  if (!kTimingAtOnce) RefusesWhatIsNoTcpSocket(unix_socket, -EOPNOTSUPP);
  for (const int closed : {-1, INT_MAX}) {
    RefusesWhatIsNoTcpSocket(closed, -EBADF);
    keepalive::TcpInfo info;
    std::int32_t waiting = 0;
    CHECK(keepalive::GetTcpInfo(closed, &info) == -EBADF);
    CHECK(keepalive::GetLastHeard(closed) == -EBADF);
    keepalive::Unanswered unanswered = {};
    CHECK(keepalive::GetUnanswered(closed, &unanswered) == -EBADF);
    CHECK(keepalive::GetAcceptQueueLength(closed, &waiting) == -EBADF);
  }
}

void ScratchSockets() {
  Settings held = {};
  CHECK(keepalive::ReadSystem(&held).error == (kTimingAtOnce ? kNoSuchOption : 0));
  CHECK(held.value[keepalive::kEnabled] == 0);
  CHECK(keepalive::Try({{1, 30, 5, keepalive::kCountAtOnce, 45'000}}).error == 0);
  const Outcome refused = keepalive::Try({{1, 30, 5, kTooMany, 45'000}});
  CHECK(refused.error != 0 && refused.option == keepalive::kCount && refused.syscall == keepalive::kSetsockopt);
}

void NothingIsSupported() {
  Settings held = {};
  keepalive::TcpInfo info = {};
  std::int32_t waiting = 0;
  CHECK(keepalive::Read(0, &held).error == kNoSuchOption);
  CHECK(keepalive::ReadSystem(&held).error == kNoSuchOption);
  CHECK(keepalive::Apply(0, {{1, 30, 5, 3, 0}}, kAbsent).error == kNoSuchOption);
  CHECK(keepalive::Try({{1, 30, 5, 3, 0}}).error == kNoSuchOption);
  CHECK(keepalive::SetOption(0, keepalive::kEnabled, 1) == kNoSuchOption);
  CHECK(keepalive::AsHeld(keepalive::kUserTimeout, 1'500) == 1'500);
  CHECK(keepalive::GetTcpInfo(0, &info) == kNoSuchOption);
  CHECK(keepalive::GetLastHeard(0) == kNoSuchOption);
  CHECK(keepalive::GetAcceptQueueLength(0, &waiting) == kNoSuchOption);
}

void Everywhere() {
  for (int option = 0; option < keepalive::kOptionCount; ++option) {
    CHECK(std::strlen(keepalive::OptionName(static_cast<keepalive::Option>(option))) > 0);
  }
  CHECK(std::strcmp(keepalive::kTcpInfoName, "TCP_INFO") == 0 && !keepalive::kTcpInfoIsIoctl);
  CHECK(kTimingAtOnce || keepalive::EnableAtOnce(0, 30, 5) == kNoSuchOption);
}

}  // namespace

int main(int argc, char**) {
  Everywhere();
  if (argc > 1) {
    NothingIsSupported();
  } else {
    for (const int family : {AF_INET, AF_INET6}) Connections(family);
    NoConnections();
    ScratchSockets();
  }
  std::printf("%d checks hold\n", checks);
  return 0;
}
