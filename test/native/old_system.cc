// The addon over the system of old_system_options.cc.
#include "../../native/keepalive.cc"
#include "../../native/tcp_info_linux.cc"
#include "old_system_options.cc"
// After the others: it has names of its own for theirs.
#include "../../native/addon.cc"
