// The addon, in one translation unit: the compiler can inline the functions of the seam, each of which makes one system
// call.
// NOLINTBEGIN(bugprone-suspicious-include)
#include "keepalive.cc"

#if defined(__linux__)
#include "socket_options_linux.cc"
#include "socket_options_posix.cc"
#include "tcp_info_linux.cc"
#elif defined(__APPLE__)
#include "socket_options_darwin.cc"
#include "socket_options_posix.cc"
#include "tcp_info_darwin.cc"
#elif defined(_WIN32)
#include "socket_options_windows.cc"
#include "tcp_info_windows.cc"
#include "windows_socket.cc"
#else
#include "socket_options_unsupported.cc"
#include "tcp_info_unsupported.cc"
#endif

// After the others: it has names of its own for theirs.
#include "addon.cc"
// NOLINTEND(bugprone-suspicious-include)
