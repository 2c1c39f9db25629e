// The addon of this machine with the road to the SOCKET that Windows needs; the rest of it is in linux_parts.cc.
#define TCP_KEEPALIVE_REF_FLIP
#include "../../native/windows_socket.cc"
// After the other: it has names of its own for those of the common part.
#include "../../native/addon.cc"
