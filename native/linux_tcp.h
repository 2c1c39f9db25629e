#pragma once

// The kernel's own header knows more of tcp_info than glibc's, but is a package of its own on Alpine, where musl's will
// do. One source can include only one of them.
#if __has_include(<linux/tcp.h>)
#include <linux/tcp.h>
#else
#include <netinet/tcp.h>
#endif
