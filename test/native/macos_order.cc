// The addon over the system of macos_options.cc.
#include "../../native/keepalive.cc"
#include "../../native/tcp_info_linux.cc"
#include "macos_options.cc"
// After the others: it has names of its own for theirs.
#include "../../native/addon.cc"
