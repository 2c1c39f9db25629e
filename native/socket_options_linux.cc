// Numbers and units: linux/include/uapi/linux/tcp.h, tcp(7).
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "linux_tcp.h"
#include "socket_options_posix.h"

namespace keepalive {

const PosixOption kPosixOptions[kOptionCount] = {
    {SOL_SOCKET, SO_KEEPALIVE, "SO_KEEPALIVE"},          {IPPROTO_TCP, TCP_KEEPIDLE, "TCP_KEEPIDLE"},
    {IPPROTO_TCP, TCP_KEEPINTVL, "TCP_KEEPINTVL"},       {IPPROTO_TCP, TCP_KEEPCNT, "TCP_KEEPCNT"},
    {IPPROTO_TCP, TCP_USER_TIMEOUT, "TCP_USER_TIMEOUT"},
};

const std::int32_t kUserTimeoutUnit = 1;
const std::int32_t kLargestCount = 127;  // include/net/tcp.h, MAX_TCP_KEEPCNT
const bool kEnableFirst = false;
const bool kCountHoldsSilence = false;

// net/ipv4/tcp.c, tcp_get_info: for a listening socket, tcpi_unacked is the length of the accept queue.
int GetAcceptQueueLength(Socket socket, std::int32_t* length) {
  struct tcp_info info = {};
  socklen_t size = sizeof(info);
  if (getsockopt(static_cast<int>(socket), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return -errno;
  *length = static_cast<std::int32_t>(info.tcpi_unacked);
  return 0;
}

}  // namespace keepalive
