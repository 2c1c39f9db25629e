// The floor: bare system calls in a C loop, sharing no line with native/.
#include <errno.h>
#include <napi.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

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

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("run", Napi::Function::New<Run>(env, "run"));
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
