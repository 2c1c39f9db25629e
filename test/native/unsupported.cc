// The addon as it is on an operating system that native/ has no file for.
#include "../../native/keepalive.cc"
#include "../../native/socket_options_unsupported.cc"
#include "../../native/tcp_info_unsupported.cc"
// After the others: it has names of its own for theirs.
#include "../../native/addon.cc"
