#include "model_kernel.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace model {

Kernel kernel;

namespace {

int IndexOf(int level, int name) {
  if (level == SOL_SOCKET && name == SO_KEEPALIVE) return 0;
  if (level != IPPROTO_TCP) return -1;
  switch (name) {
    case TCP_KEEPIDLE:
      return 1;
    case TCP_KEEPINTVL:
      return 2;
    case TCP_KEEPCNT:
      return 3;
    case TCP_USER_TIMEOUT:
      return 4;
    default:
      return -1;
  }
}

// include/net/tcp.h
bool Takes(int index, int value) {
  if (index == 1 || index == 2) return value >= 1 && value <= 32767;
  if (index == 3) return value >= 1 && value <= 127;
  return index == 0 || value >= 0;
}

int Fail(int error) {
  errno = error;
  return -1;
}

bool Refused(Call call) {
  for (Refusal& refusal : kernel.refusals) {
    if (refusal.call != call || refusal.times <= 0) continue;
    if (refusal.nth-- > 0) continue;
    --refusal.times;
    errno = refusal.error;
    return true;
  }
  return false;
}

}  // namespace
}  // namespace model

using model::kernel;

extern "C" {

int __wrap_getsockopt(int fd, int level, int name, void* value, socklen_t* length) {
  if (model::Refused(model::kGet)) return -1;
  const auto found = kernel.sockets.find(fd);
  if (found == kernel.sockets.end()) return model::Fail(EBADF);
  if (level == IPPROTO_TCP && name == TCP_INFO) {
    *length = std::min(*length, kernel.info_length);
    std::memcpy(value, kernel.info.data(), *length);
    return 0;
  }
  const int index = model::IndexOf(level, name);
  if (index < 0 || (index == 4 && !kernel.has_user_timeout)) return model::Fail(ENOPROTOOPT);
  *length = std::min<socklen_t>(*length, sizeof(int));
  std::memcpy(value, &found->second[index], *length);
  return 0;
}

int __wrap_setsockopt(int fd, int level, int name, const void* value, socklen_t length) {
  if (model::Refused(model::kSet)) return -1;
  const auto found = kernel.sockets.find(fd);
  if (found == kernel.sockets.end()) return model::Fail(EBADF);
  const int index = model::IndexOf(level, name);
  if (index < 0 || (index == 4 && !kernel.has_user_timeout)) return model::Fail(ENOPROTOOPT);
  int wanted = 0;
  if (length < sizeof(wanted)) return model::Fail(EINVAL);
  std::memcpy(&wanted, value, sizeof(wanted));
  if (!model::Takes(index, wanted)) return model::Fail(EINVAL);
  if (index == 1 && found->second[0] != 0) kernel.delayed_while_on = true;
  found->second[index] = index == 0 ? wanted != 0 : wanted;
  ++kernel.sets;
  return 0;
}

int __wrap_socket(int family, int, int) {
  if (model::Refused(model::kOpen)) return -1;
  if (family == AF_INET && !kernel.has_ipv4) return model::Fail(EAFNOSUPPORT);
  kernel.sockets[kernel.next] = kernel.fresh;
  return kernel.next++;
}

int __real_close(int fd);
int __wrap_close(int fd) {
  if (!kernel.is_asked && fd < model::Kernel::kFirst) return __real_close(fd);
  if (kernel.sockets.erase(fd) == 0) return model::Fail(EBADF);
  return model::Refused(model::kClose) ? -1 : 0;
}
}
