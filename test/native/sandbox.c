// sandbox CALL ERRNO PROGRAM ARGUMENT...: runs a program for which seccomp answers `setsockopt` or `getsockopt` of the
// keepalive options with an error number. Other options pass, or nobody could listen. Needs no rights.
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#define ARCHITECTURE 0
#endif

// The last instruction of the filter.
enum { kAllow = 20 };

// The lower half of an argument, on a little-endian machine.
#define ARGUMENT(index) offsetof(struct seccomp_data, args[index])
#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (offset))
// Goes on where equal, else skips so many.
#define ONLY(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (skip))
#define REFUSE_IF(value) ONLY(value, 1), BPF_STMT(BPF_RET | BPF_K, answer)

int main(int count, char** arguments) {
  if (count < 4) {
    fprintf(stderr, "usage: sandbox setsockopt|getsockopt ERRNO PROGRAM ARGUMENT...\n");
    return 2;
  }
  const unsigned call = strcmp(arguments[1], "getsockopt") == 0 ? SYS_getsockopt : SYS_setsockopt;
  const unsigned answer = SECCOMP_RET_ERRNO | ((unsigned)atoi(arguments[2]) & SECCOMP_RET_DATA);
  struct sock_filter filter[] = {
      LOAD(offsetof(struct seccomp_data, arch)),
      ONLY(ARCHITECTURE, kAllow - 2),
      LOAD(offsetof(struct seccomp_data, nr)),
      ONLY(call, kAllow - 4),
      LOAD(ARGUMENT(1)),
      ONLY(SOL_SOCKET, 4),
      LOAD(ARGUMENT(2)),
      REFUSE_IF(SO_KEEPALIVE),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      ONLY(IPPROTO_TCP, kAllow - 11),
      LOAD(ARGUMENT(2)),
      REFUSE_IF(TCP_KEEPIDLE),
      REFUSE_IF(TCP_KEEPINTVL),
      REFUSE_IF(TCP_KEEPCNT),
      REFUSE_IF(TCP_USER_TIMEOUT),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    perror("sandbox: seccomp");
    return 126;
  }
  execvp(arguments[3], arguments + 3);
  perror("sandbox: exec");
  return 127;
}
