// The floor: bare system calls in a C loop, sharing no line with native/.
#include <arpa/inet.h>
#include <errno.h>
#include <napi.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

namespace {

struct Call {
  std::int32_t set, level, name, value;
};

int Make(int descriptor, const Call& call) {
  int value = call.value;
  socklen_t length = sizeof(value);
  return call.set != 0 ? setsockopt(descriptor, call.level, call.name, &value, length)
                       : getsockopt(descriptor, call.level, call.name, &value, &length);
}

// run(descriptors, calls): every call on every descriptor. calls: four integers each, as in Call.
void Run(const Napi::CallbackInfo& info) {
  const auto descriptors = info[0].As<Napi::Int32Array>();
  const auto table = info[1].As<Napi::Int32Array>();
  const Call* calls = reinterpret_cast<const Call*>(table.Data());
  const size_t call_count = table.ElementLength() / 4;
  const std::int32_t* descriptor = descriptors.Data();
  for (size_t i = 0; i < descriptors.ElementLength(); ++i) {
    for (size_t j = 0; j < call_count; ++j) {
      if (Make(descriptor[i], calls[j]) == 0) continue;
      Napi::Error::New(info.Env(), strerror(errno)).ThrowAsJavaScriptException();
      return;
    }
  }
}

// lastHeard(descriptors, answers): TCP_INFO of every descriptor, and from it the younger of data and acknowledgement.
void LastHeard(const Napi::CallbackInfo& info) {
  const auto descriptors = info[0].As<Napi::Int32Array>();
  auto answers = info[1].As<Napi::Int32Array>();
  const std::int32_t* descriptor = descriptors.Data();
  std::int32_t* answer = answers.Data();
  for (size_t i = 0; i < descriptors.ElementLength(); ++i) {
    tcp_info known;
    socklen_t length = offsetof(tcp_info, tcpi_last_ack_recv) + sizeof(known.tcpi_last_ack_recv);
    if (getsockopt(descriptor[i], IPPROTO_TCP, TCP_INFO, &known, &length) != 0) {
      Napi::Error::New(info.Env(), strerror(errno)).ThrowAsJavaScriptException();
      return;
    }
    answer[i] = static_cast<std::int32_t>(
        known.tcpi_last_data_recv < known.tcpi_last_ack_recv ? known.tcpi_last_data_recv : known.tcpi_last_ack_recv);
  }
}

int ConnectTo(std::uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -1;
  return connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 ? descriptor : -1;
}

// connect(port, count): the descriptors of so many new connections to 127.0.0.1. Blocks; at most the listener's
// backlog.
Napi::Value Connect(const Napi::CallbackInfo& info) {
  const auto port = static_cast<std::uint16_t>(info[0].As<Napi::Number>().Uint32Value());
  auto descriptors = Napi::Int32Array::New(info.Env(), info[1].As<Napi::Number>().Uint32Value());
  for (size_t i = 0; i < descriptors.ElementLength(); ++i) {
    descriptors[i] = ConnectTo(port);
    if (descriptors[i] >= 0) continue;
    Napi::Error::New(info.Env(), strerror(errno)).ThrowAsJavaScriptException();
    break;
  }
  return descriptors;
}

// reset(descriptors): closes them with a reset, so that no TIME_WAIT is left behind.
void Reset(const Napi::CallbackInfo& info) {
  const auto descriptors = info[0].As<Napi::Int32Array>();
  const linger at_once = {1, 0};
  for (size_t i = 0; i < descriptors.ElementLength(); ++i) {
    setsockopt(descriptors[i], SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close(descriptors[i]);
  }
}

// threadCpu(): milliseconds that this thread has run; while another process has its core they stand still.
Napi::Value ThreadCpu(const Napi::CallbackInfo& info) {
  timespec now = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return Napi::Number::New(info.Env(), static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6);
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("run", Napi::Function::New<Run>(env, "run"));
  exports.Set("lastHeard", Napi::Function::New<LastHeard>(env, "lastHeard"));
  exports.Set("connect", Napi::Function::New<Connect>(env, "connect"));
  exports.Set("reset", Napi::Function::New<Reset>(env, "reset"));
  exports.Set("threadCpu", Napi::Function::New<ThreadCpu>(env, "threadCpu"));
  const struct {
    const char* name;
    int value;
  } constants[] = {
      {"SOL_SOCKET", SOL_SOCKET},
      {"SO_KEEPALIVE", SO_KEEPALIVE},
      {"IPPROTO_TCP", IPPROTO_TCP},
      {"TCP_KEEPIDLE", TCP_KEEPIDLE},
      {"TCP_KEEPINTVL", TCP_KEEPINTVL},
      {"TCP_KEEPCNT", TCP_KEEPCNT},
      {"TCP_USER_TIMEOUT", TCP_USER_TIMEOUT},
  };
  for (const auto& constant : constants) exports.Set(constant.name, Napi::Number::New(env, constant.value));
  return exports;
}

}  // namespace

NODE_API_MODULE(NODE_GYP_MODULE_NAME, Init)
