// Numbers and units: xnu/bsd/netinet/tcp.h. The connection-drop time is what comes closest to a user timeout. It is in
// whole seconds.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "socket_options_posix.h"

namespace keepalive {

const PosixOption kPosixOptions[kOptionCount] = {
    {SOL_SOCKET, SO_KEEPALIVE, "SO_KEEPALIVE"},
    {IPPROTO_TCP, TCP_KEEPALIVE, "TCP_KEEPALIVE"},
    {IPPROTO_TCP, TCP_KEEPINTVL, "TCP_KEEPINTVL"},
    {IPPROTO_TCP, TCP_KEEPCNT, "TCP_KEEPCNT"},
    {IPPROTO_TCP, TCP_RXT_CONNDROPTIME, "TCP_RXT_CONNDROPTIME"},
};

const std::int32_t kUserTimeoutUnit = 1000;
const std::int32_t kLargestCount = INT32_MAX;
const bool kCountHoldsSilence = true;

// xnu bsd/netinet/tcp_usrreq.c, TCP_KEEPALIVE, and tcp_timer.h, TCP_CONN_KEEPIDLE: without SO_KEEPALIVE the timer is
// set to the system's two hours, and stays there until the peer sends something.
const bool kEnableFirst = true;

int GetAcceptQueueLength(Socket, std::int32_t*) { return kNoSuchOption; }

}  // namespace keepalive
