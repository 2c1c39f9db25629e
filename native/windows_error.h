#pragma once

#include <uv.h>  // and with it winsock2.h

namespace keepalive {

// libuv's number for an error of Winsock, for the calls made here. uv_translate_sys_error() does not know the important
// ones, and Deno, which loads addons too, does not have that function.
inline int FromWinsock(int error) {
  switch (error) {
    case WSAENOPROTOOPT:
      return UV_ENOPROTOOPT;
    case WSAEOPNOTSUPP:
      return UV_ENOTSUP;
    case WSAENOTSOCK:
      return UV_ENOTSOCK;
    case WSAENETDOWN:
      return UV_ENETDOWN;
    case WSAENOTCONN:
      return UV_ENOTCONN;
    case WSAECONNRESET:
      return UV_ECONNRESET;
    case WSAECONNABORTED:
      return UV_ECONNABORTED;
    case WSAENETRESET:  // setsockopt's page: the connection has timed out while SO_KEEPALIVE is set. libuv has no name
    case WSAETIMEDOUT:
      return UV_ETIMEDOUT;
    case WSAEINVAL:
      return UV_EINVAL;
    case WSAEFAULT:
      return UV_EFAULT;
    case WSAEACCES:
      return UV_EACCES;
    case WSAEBADF:
      return UV_EBADF;
    case WSAEMFILE:
      return UV_EMFILE;
    case WSAENOBUFS:
      return UV_ENOBUFS;
    case WSAEAFNOSUPPORT:
      return UV_EAFNOSUPPORT;
    case WSAEPROTONOSUPPORT:
      return UV_EPROTONOSUPPORT;
    default:
      return UV_UNKNOWN;
  }
}

}  // namespace keepalive
