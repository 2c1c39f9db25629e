// What a sanitizer must find: each of these does one thing that native/ must never do. Compiled and called by
// scripts/analysis/sanitizers.js only.
#include <napi.h>

namespace {

std::int32_t Argument(const Napi::CallbackInfo& info) { return info[0].As<Napi::Number>().Int32Value(); }

// overflow(length): writes behind a block of that length.
Napi::Value Overflow(const Napi::CallbackInfo& info) {
  const std::int32_t length = Argument(info);
  auto* block = new char[length];
  volatile char* behind = block + length;
  *behind = 1;
  delete[] block;
  return info.Env().Undefined();
}

// add(number): one more, in 32 bits.
Napi::Value Add(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), Argument(info) + 1); }

// leak(length)
Napi::Value Leak(const Napi::CallbackInfo& info) {
  volatile char* block = new char[Argument(info)];
  *block = 1;
  return info.Env().Undefined();
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("overflow", Napi::Function::New<Overflow>(env));
  exports.Set("add", Napi::Function::New<Add>(env));
  exports.Set("leak", Napi::Function::New<Leak>(env));
  return exports;
}

}  // namespace

NODE_API_MODULE(NODE_GYP_MODULE_NAME, Init)
