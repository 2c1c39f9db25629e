// The only file that knows Node-API: unpack integers, call keepalive.h, pack the result.
#include <napi.h>

#include <algorithm>

#include "keepalive.h"
#include "tcp_info.h"
#ifdef TCP_KEEPALIVE_REF_FLIP
#include "windows_socket.h"
#endif

namespace {

using keepalive::kOptionCount;
using keepalive::Option;
using keepalive::Outcome;
using keepalive::Settings;
using keepalive::Socket;

// The array of arguments and results: the settings by Option, what was refused, how much was changed and lent, and what
// ReadTcpInfo found.
enum Slot : int {
  kRefusedOption = kOptionCount,
  kRefusedSyscall,
  kUndoError,
  kChanges,
  kLent,
  kInfo,
  kSlotCount = kInfo + keepalive::kInfoFieldCount
};

// Descriptors that LastHeard takes at once.
constexpr std::int32_t kBatchLength = 64;

// Memory that JavaScript reads and writes too. The reference keeps the array alive.
struct SharedArray {
  SharedArray(Napi::Env env, size_t length) {
    auto array = Napi::Int32Array::New(env, length);
    reference = Napi::Persistent(array);
    values = array.Data();
  }
  Napi::Reference<Napi::Int32Array> reference;
  std::int32_t* values;
};

// One for each environment (main thread, worker).
struct Addon {
  SharedArray slots;
  SharedArray batch;
#ifdef TCP_KEEPALIVE_REF_FLIP
  keepalive::SocketFinder finder = {};
#endif
};

Napi::Value Report(const Napi::CallbackInfo& info, const Outcome& outcome) {
  std::int32_t* slots = info.Env().GetInstanceData<Addon>()->slots.values;
  slots[kChanges] = outcome.changes;
  slots[kLent] = outcome.lent;
  if (outcome.error != 0) {
    slots[kRefusedOption] = outcome.option;
    slots[kRefusedSyscall] = outcome.syscall;
    slots[kUndoError] = outcome.undo_error;
  }
  return Napi::Number::New(info.Env(), outcome.error);
}

Napi::Value Report(const Napi::CallbackInfo& info, const Outcome& outcome, const Settings& settings) {
  std::int32_t* slots = info.Env().GetInstanceData<Addon>()->slots.values;
  for (int option = 0; option < kOptionCount; ++option) slots[option] = settings.value[option];
  return Report(info, outcome);
}

// src/addon/binding.ts is the only caller and passes integers.
Socket SocketArgument(const Napi::CallbackInfo& info) {
  std::int64_t socket = -1;
  napi_get_value_int64(info.Env(), info[0], &socket);
  return static_cast<Socket>(socket);
}

// From the slots: node-addon-api allocates memory for a call with more than six arguments.
Settings Wanted(const Napi::CallbackInfo& info) {
  const std::int32_t* slots = info.Env().GetInstanceData<Addon>()->slots.values;
  Settings settings = {};
  std::copy_n(slots, kOptionCount, settings.value);
  return settings;
}

Napi::Value Read(const Napi::CallbackInfo& info) {
  Settings held = {};
  const Outcome outcome = keepalive::Read(SocketArgument(info), &held);
  return Report(info, outcome, held);
}

Napi::Value ReadSystem(const Napi::CallbackInfo& info) {
  Settings held = {};
  const Outcome outcome = keepalive::ReadSystem(&held);
  return Report(info, outcome, held);
}

Napi::Value Apply(const Napi::CallbackInfo& info) {
  std::int32_t room = keepalive::kAbsent;
  napi_get_value_int32(info.Env(), info[1], &room);
  return Report(info, keepalive::Apply(SocketArgument(info), Wanted(info), room));
}

Napi::Value ReadTcpInfo(const Napi::CallbackInfo& info) {
  keepalive::TcpInfo known = {};
  const int error = keepalive::GetTcpInfo(SocketArgument(info), &known);
  std::int32_t* fields = info.Env().GetInstanceData<Addon>()->slots.values + kInfo;
  for (int field = 0; field < keepalive::kInfoFieldCount; ++field) fields[field] = known.value[field];
  return Napi::Number::New(info.Env(), error);
}

// lastHeard(count): replaces the first descriptors in the batch by the answers of GetLastHeard.
Napi::Value LastHeard(const Napi::CallbackInfo& info) {
  std::int32_t* batch = info.Env().GetInstanceData<Addon>()->batch.values;
  std::int32_t count = 0;
  napi_get_value_int32(info.Env(), info[0], &count);
  for (std::int32_t i = 0; i < std::min(count, kBatchLength); ++i) batch[i] = keepalive::GetLastHeard(batch[i]);
  return info.Env().Undefined();
}

Napi::Value UnansweredFor(const Napi::CallbackInfo& info) {
  keepalive::Unanswered unanswered = {};
  const int error = keepalive::GetUnanswered(SocketArgument(info), &unanswered);
  return Napi::Number::New(info.Env(), error == 0 ? unanswered.since_answer : error);
}

Napi::Value AcceptQueueLength(const Napi::CallbackInfo& info) {
  std::int32_t length = 0;
  const int error = keepalive::GetAcceptQueueLength(SocketArgument(info), &length);
  return Napi::Number::New(info.Env(), error == 0 ? length : error);
}

Napi::Value Try(const Napi::CallbackInfo& info) { return Report(info, keepalive::Try(Wanted(info))); }

void CloseDuplicate(const Napi::CallbackInfo& info) { keepalive::CloseSocket(SocketArgument(info)); }

#ifdef TCP_KEEPALIVE_REF_FLIP
// findSocket(invert): the socket of the TCP handle whose reference flag invert() inverts, or one of the answers of
// SocketFinder. Calls invert() an even number of times, unless it throws.
Napi::Value FindSocket(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Socket socket = keepalive::SocketFinder::kNotFound;
  uv_loop_t* loop = nullptr;
  if (info[0].IsFunction() && napi_get_uv_event_loop(env, &loop) == napi_ok) {
    auto invert = info[0].As<Napi::Function>();
    const auto call = [](void* function) {
      auto* invert = static_cast<Napi::Function*>(function);
      invert->Call({});
      return !invert->Env().IsExceptionPending();
    };
    socket = env.GetInstanceData<Addon>()->finder.Find(loop, call, &invert);
    if (env.IsExceptionPending()) return env.Undefined();
  }
  return Napi::Number::New(env, static_cast<double>(socket));
}
#endif

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  auto* addon = new Addon{{env, kSlotCount}, {env, kBatchLength}};
  env.SetInstanceData(addon);

  auto option_names = Napi::Array::New(env, kOptionCount);
  for (int option = 0; option < kOptionCount; ++option) {
    option_names.Set(option, keepalive::OptionName(static_cast<Option>(option)));
  }
  auto info_names = Napi::Array::New(env, keepalive::kInfoFieldCount);
  for (int field = 0; field < keepalive::kInfoFieldCount; ++field) info_names.Set(field, keepalive::kInfoNames[field]);
  exports.Set("slots", addon->slots.reference.Value());
  exports.Set("batch", addon->batch.reference.Value());
  exports.Set("absent", keepalive::kAbsent);
  exports.Set("noSuchOption", keepalive::kNoSuchOption);
  exports.Set("tcpInfoName", keepalive::kTcpInfoName);
  exports.Set("tcpInfoSyscall", keepalive::kTcpInfoIsIoctl ? "ioctl" : "getsockopt");
  exports.Set("optionNames", option_names);
  exports.Set("infoNames", info_names);
  exports.Set("read", Napi::Function::New<Read>(env, "read"));
  exports.Set("readSystem", Napi::Function::New<ReadSystem>(env, "readSystem"));
  exports.Set("apply", Napi::Function::New<Apply>(env, "apply"));
  exports.Set("readTcpInfo", Napi::Function::New<ReadTcpInfo>(env, "readTcpInfo"));
  exports.Set("lastHeard", Napi::Function::New<LastHeard>(env, "lastHeard"));
  exports.Set("unansweredFor", Napi::Function::New<UnansweredFor>(env, "unansweredFor"));
  exports.Set("acceptQueueLength", Napi::Function::New<AcceptQueueLength>(env, "acceptQueueLength"));
  exports.Set("try", Napi::Function::New<Try>(env, "try"));
  exports.Set("closeDuplicate", Napi::Function::New<CloseDuplicate>(env, "closeDuplicate"));
#ifdef TCP_KEEPALIVE_REF_FLIP
  exports.Set("findSocket", Napi::Function::New<FindSocket>(env, "findSocket"));
  exports.Set("noSocketYet", static_cast<double>(keepalive::SocketFinder::kNoSocketYet));
#endif
  return exports;
}

}  // namespace

NODE_API_MODULE(NODE_GYP_MODULE_NAME, Init)
