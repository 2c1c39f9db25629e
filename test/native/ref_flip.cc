// The addon of this machine with the road to the SOCKET that Windows needs; the rest of it is in linux_parts.cc.
// takeVisits(): how many handles were looked at since the last call.
#include <napi.h>
#include <uv.h>

namespace {

int visits = 0;

int CountedType(const uv_handle_t* handle) {
  ++visits;
  return uv_handle_get_type(handle);
}

}  // namespace

#define TCP_KEEPALIVE_REF_FLIP
#define uv_handle_get_type CountedType
#include "../../native/windows_socket.cc"
#undef uv_handle_get_type
#undef NODE_API_MODULE
#define NODE_API_MODULE(name, init)
// After the other: it has names of its own for those of the common part.
#include "../../native/addon.cc"

static napi_value InitCounted(napi_env env, napi_value exports) {
  return Napi::RegisterModule(env, exports, [](Napi::Env env, Napi::Object exports) {
    const auto take_visits = [](const Napi::CallbackInfo& info) -> Napi::Value {
      const Napi::Number taken = Napi::Number::New(info.Env(), visits);
      visits = 0;
      return taken;
    };
    exports.Set("takeVisits", Napi::Function::New(env, take_visits));
    return Init(env, exports);
  });
}

NAPI_MODULE(NODE_GYP_MODULE_NAME, InitCounted)
