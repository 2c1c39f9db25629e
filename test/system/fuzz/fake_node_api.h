#pragma once

#include <node_api.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

// As much of Node-API as native/addon.cc uses, without V8: so that the fuzzer reaches the addon's own lines, as fast as
// they run, under AddressSanitizer. Numbers are converted as doc/api/n-api.md says. What real V8 makes of values of
// other types test/system/fuzz.test.ts shows.
struct napi_value__ {
  napi_valuetype type = napi_undefined;
  double number = 0;
  std::string text;
  std::map<std::string, napi_value> properties;
  std::vector<napi_value> elements;
  napi_callback callback = nullptr;
  void* data = nullptr;
  std::unique_ptr<std::int32_t[]> memory;
  size_t length = 0;
  napi_value buffer = nullptr;
};

struct napi_env__ {
  std::vector<std::unique_ptr<napi_value__>> values;
  void* instance_data = nullptr;
  napi_finalize finalize = nullptr;
  void* finalize_hint = nullptr;
  // Calls that may run JavaScript until the environment ends, as when a worker is terminated: from then on they fail.
  int calls_left = -1;

  napi_env__() = default;
  napi_env__(const napi_env__&) = delete;
  ~napi_env__();
  napi_value New(napi_valuetype type);
  bool HasEnded();
};

struct napi_callback_info__ {
  napi_env env;
  std::vector<napi_value> arguments;
  void* data;
};

// Calls a function of the addon as JavaScript would.
napi_value CallFunction(napi_env env, napi_value function, std::vector<napi_value> arguments);
