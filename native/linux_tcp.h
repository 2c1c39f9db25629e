#pragma once

// The kernel's own header has more fields of tcp_info than glibc's. On Alpine it is a separate package, and musl's
// header is enough. A source file can include only one of them.
#if __has_include(<linux/tcp.h>)
#include <linux/tcp.h>
#else
#include <netinet/tcp.h>
#endif
