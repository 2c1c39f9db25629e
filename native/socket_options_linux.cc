// Numbers and units: linux/include/uapi/linux/tcp.h, tcp(7).
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "socket_options_posix.h"

namespace keepalive {

const PosixOption kPosixOptions[kOptionCount] = {
    {SOL_SOCKET, SO_KEEPALIVE, "SO_KEEPALIVE"},          {IPPROTO_TCP, TCP_KEEPIDLE, "TCP_KEEPIDLE"},
    {IPPROTO_TCP, TCP_KEEPINTVL, "TCP_KEEPINTVL"},       {IPPROTO_TCP, TCP_KEEPCNT, "TCP_KEEPCNT"},
    {IPPROTO_TCP, TCP_USER_TIMEOUT, "TCP_USER_TIMEOUT"},
};

const std::int32_t kUserTimeoutUnit = 1;

}  // namespace keepalive
