// Preloaded (LD_PRELOAD): writes down every socket option call of the process and refuses a system call when asked to.
// By system calls itself, not by dlsym: AddressSanitizer comes here before that can be called.
#define _GNU_SOURCE
#undef _FILE_OFFSET_BITS  // it would call open() open64()
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { kLongest = 4096, kWidth = 5 };

static int calls[kLongest][kWidth];
static int count = 0;

// Numbered as in test/support/oracle.js.
enum Call { kGetsockopt, kSetsockopt, kSocket, kClose };
static struct {
  int call, level, name, skip, times, error;
} refusal;
// Since the last order.
static int refusals;

// Bytes that TCP_INFO is answered with at the most, as by an older kernel. 0: as it is.
static socklen_t info_length;

void interposer_shorten_info(int length) { info_length = (socklen_t)length; }

// Milliseconds that the machine seems to have slept.
static long long slept;

void interposer_sleep(int milliseconds) { slept += milliseconds; }

// CLOCK_MONOTONIC stands still meanwhile.
int clock_gettime(clockid_t clock, struct timespec* now) {
  const int status = (int)syscall(SYS_clock_gettime, clock, now);
  if (clock != CLOCK_BOOTTIME && clock != CLOCK_REALTIME) return status;
  const long long nanoseconds = now->tv_nsec + slept % 1000 * 1000000;
  now->tv_sec += slept / 1000 + nanoseconds / 1000000000;
  now->tv_nsec = nanoseconds % 1000000000;
  return status;
}

int gettimeofday(struct timeval* restrict now, void* restrict zone) {
  struct timespec precise;
  (void)zone;
  const int status = clock_gettime(CLOCK_REALTIME, &precise);
  now->tv_sec = precise.tv_sec;
  now->tv_usec = precise.tv_nsec / 1000;
  return status;
}

// Without /proc/uptime libuv takes CLOCK_BOOTTIME.
int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = va_arg(rest, unsigned int);
  va_end(rest);
  if (strcmp(path, "/proc/uptime") != 0) return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
  errno = ENOENT;
  return -1;
}

int open64(const char* path, int flags, ...) __attribute__((alias("open")));

// level and name: of the option, 0 where the call has none; name -1: any option of that level.
void interposer_refuse(int call, int level, int name, int skip, int times, int error) {
  refusal.call = call;
  refusal.level = level;
  refusal.name = name;
  refusal.skip = skip;
  refusal.times = times;
  refusal.error = error;
  refusals = 0;
}

int interposer_refusals(void) { return refusals; }

static int refused(int call, int level, int name) {
  if (refusal.times <= 0 || call != refusal.call || level != refusal.level) return 0;
  if (refusal.name >= 0 && name != refusal.name) return 0;
  if (refusal.skip-- > 0) return 0;
  --refusal.times;
  ++refusals;
  errno = refusal.error;
  return 1;
}

int interposer_take_calls(const int** taken) {
  const int n = count;
  *taken = &calls[0][0];
  count = 0;
  return n;
}

static void note(int fd, int set, int level, int name, int value) {
  if (count == kLongest) return;
  const int call[kWidth] = {fd, set, level, name, value};
  for (int i = 0; i < kWidth; ++i) calls[count][i] = call[i];
  ++count;
}

int getsockopt(int fd, int level, int name, void* restrict value, socklen_t* restrict length) {
  const int is_info = level == IPPROTO_TCP && name == TCP_INFO;
  if (is_info && info_length != 0 && info_length < *length) *length = info_length;
  const int status =
      refused(kGetsockopt, level, name) ? -1 : (int)syscall(SYS_getsockopt, fd, level, name, value, length);
  note(fd, 0, level, name, status == 0 ? *(const int*)value : -errno);
  return status;
}

int setsockopt(int fd, int level, int name, const void* value, socklen_t length) {
  const int status =
      refused(kSetsockopt, level, name) ? -1 : (int)syscall(SYS_setsockopt, fd, level, name, value, length);
  note(fd, 1, level, name, status == 0 && length >= sizeof(int) ? *(const int*)value : -errno);
  return status;
}

int socket(int family, int type, int protocol) {
  return refused(kSocket, 0, 0) ? -1 : (int)syscall(SYS_socket, family, type, protocol);
}

// The descriptor is closed all the same, as Linux does.
int close(int fd) {
  const int status = (int)syscall(SYS_close, fd);
  return refused(kClose, 0, 0) ? -1 : status;
}
