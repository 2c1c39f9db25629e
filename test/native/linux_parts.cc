// Apart from ref_flip.cc: libuv's header and linux_tcp.h do not go together.
#include "../../native/keepalive.cc"
#include "../../native/socket_options_linux.cc"
#include "../../native/socket_options_posix.cc"
#include "../../native/tcp_info_linux.cc"
