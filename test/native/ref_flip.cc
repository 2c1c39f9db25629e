// The addon of this machine with the road to the SOCKET that Windows needs.
#define TCP_KEEPALIVE_REF_FLIP
#include "../../native/keepalive.cc"
#include "../../native/socket_options_linux.cc"
#include "../../native/socket_options_posix.cc"
#include "../../native/windows_socket.cc"
// After the others: it has names of its own for theirs.
#include "../../native/addon.cc"
