// The other road to the kernel: raw system calls, sharing no line with native/. Answers are values or -errno.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <napi.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace {

int Argument(const Napi::CallbackInfo& info, size_t index) { return info[index].As<Napi::Number>().Int32Value(); }

Napi::Value Answer(const Napi::CallbackInfo& info, int answer) { return Napi::Number::New(info.Env(), answer); }

// getOption(fd, level, name)
Napi::Value GetOption(const Napi::CallbackInfo& info) {
  int value = 0;
  socklen_t length = sizeof(value);
  const int status = getsockopt(Argument(info, 0), Argument(info, 1), Argument(info, 2), &value, &length);
  return Answer(info, status == 0 ? value : -errno);
}

// setOption(fd, level, name, value)
Napi::Value SetOption(const Napi::CallbackInfo& info) {
  const int value = Argument(info, 3);
  const int status = setsockopt(Argument(info, 0), Argument(info, 1), Argument(info, 2), &value, sizeof(value));
  return Answer(info, status == 0 ? 0 : -errno);
}

// statusFlags(fd): O_NONBLOCK and the like
Napi::Value StatusFlags(const Napi::CallbackInfo& info) {
  const int flags = fcntl(Argument(info, 0), F_GETFL);
  return Answer(info, flags >= 0 ? flags : -errno);
}

// mallocInUse(): bytes that the C heap has handed out
Napi::Value MallocInUse(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(mallinfo2().uordblks));
}

// The functions of interposer.c, where it is preloaded.
template <typename Function>
Function Interposed(Napi::Env env, const char* name) {
  auto function = reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
  if (function == nullptr) Napi::Error::New(env, "interposer.node is not preloaded").ThrowAsJavaScriptException();
  return function;
}

// refuse(call, level, name, skip, times, errno): of these calls for this option, `skip` pass, then `times` fail.
Napi::Value Refuse(const Napi::CallbackInfo& info) {
  auto refuse = Interposed<void (*)(int, int, int, int, int, int)>(info.Env(), "interposer_refuse");
  if (refuse != nullptr) {
    refuse(Argument(info, 0), Argument(info, 1), Argument(info, 2), Argument(info, 3), Argument(info, 4),
           Argument(info, 5));
  }
  return info.Env().Undefined();
}

// refusals(): how many calls were refused since the last refuse()
Napi::Value Refusals(const Napi::CallbackInfo& info) {
  auto refusals = Interposed<int (*)()>(info.Env(), "interposer_refusals");
  return refusals != nullptr ? Answer(info, refusals()) : info.Env().Undefined();
}

// shortenInfo(length): TCP_INFO is answered with so many bytes at the most, as by an older kernel; 0: as it is.
Napi::Value ShortenInfo(const Napi::CallbackInfo& info) {
  auto shorten = Interposed<void (*)(int)>(info.Env(), "interposer_shorten_info");
  if (shorten != nullptr) shorten(Argument(info, 0));
  return info.Env().Undefined();
}

// sleep(milliseconds): the machine seems to have slept.
Napi::Value Sleep(const Napi::CallbackInfo& info) {
  auto sleep = Interposed<void (*)(int)>(info.Env(), "interposer_sleep");
  if (sleep != nullptr) sleep(Argument(info, 0));
  return info.Env().Undefined();
}

// takeCalls(): [fd, 'get' 0 | 'set' 1, level, name, value or -errno] for each call since the last takeCalls()
Napi::Value TakeCalls(const Napi::CallbackInfo& info) {
  auto take = Interposed<int (*)(const int**)>(info.Env(), "interposer_take_calls");
  if (take == nullptr) return info.Env().Undefined();
  const int* calls = nullptr;
  const int count = take(&calls);
  auto all = Napi::Array::New(info.Env(), count);
  for (int i = 0; i < count; ++i) {
    auto call = Napi::Array::New(info.Env(), 5);
    for (int j = 0; j < 5; ++j) call.Set(j, calls[i * 5 + j]);
    all.Set(i, call);
  }
  return all;
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("getOption", Napi::Function::New<GetOption>(env));
  exports.Set("setOption", Napi::Function::New<SetOption>(env));
  exports.Set("statusFlags", Napi::Function::New<StatusFlags>(env));
  exports.Set("mallocInUse", Napi::Function::New<MallocInUse>(env));
  exports.Set("refuse", Napi::Function::New<Refuse>(env));
  exports.Set("refusals", Napi::Function::New<Refusals>(env));
  exports.Set("shortenInfo", Napi::Function::New<ShortenInfo>(env));
  exports.Set("sleep", Napi::Function::New<Sleep>(env));
  exports.Set("takeCalls", Napi::Function::New<TakeCalls>(env));
  const struct {
    const char* name;
    int value;
  } constants[] = {
      {"SOL_SOCKET", SOL_SOCKET},     {"SO_KEEPALIVE", SO_KEEPALIVE},         {"IPPROTO_TCP", IPPROTO_TCP},
      {"TCP_KEEPIDLE", TCP_KEEPIDLE}, {"TCP_KEEPINTVL", TCP_KEEPINTVL},       {"TCP_KEEPCNT", TCP_KEEPCNT},
      {"TCP_INFO", TCP_INFO},         {"TCP_USER_TIMEOUT", TCP_USER_TIMEOUT}, {"O_NONBLOCK", O_NONBLOCK},
  };
  for (const auto& constant : constants) exports.Set(constant.name, Napi::Number::New(env, constant.value));
  return exports;
}

}  // namespace

NODE_API_MODULE(NODE_GYP_MODULE_NAME, Init)
