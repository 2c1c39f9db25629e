#include "fake_node_api.h"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>

namespace {

napi_status Give(napi_value* result, napi_value value) {
  *result = value;
  return napi_ok;
}

// The addon does not come here, or something is wrong with it.
[[noreturn]] void Unexpected(const char* function) {
  fprintf(stderr, "unexpected: %s\n", function);
  abort();
}

// src/js_native_api_v8.h, NAPI_PREAMBLE: there is no exception then, and none can be thrown.
#define MAY_RUN_JAVASCRIPT(env) \
  if ((env)->HasEnded()) return napi_pending_exception
#define GIVEN(value) \
  if ((value) == nullptr) return napi_invalid_arg

}  // namespace

napi_env__::~napi_env__() {
  if (finalize != nullptr) finalize(this, instance_data, finalize_hint);
}

napi_value napi_env__::New(napi_valuetype type) {
  values.push_back(std::make_unique<napi_value__>());
  values.back()->type = type;
  return values.back().get();
}

bool napi_env__::HasEnded() {
  if (calls_left > 0) --calls_left;
  return calls_left == 0;
}

napi_value CallFunction(napi_env env, napi_value function, std::vector<napi_value> arguments) {
  napi_callback_info__ info{env, std::move(arguments), function->data};
  const napi_value answer = function->callback(env, &info);
  return answer != nullptr ? answer : env->New(napi_undefined);
}

extern "C" {

napi_status napi_get_cb_info(napi_env env, napi_callback_info info, size_t* count, napi_value* arguments,
                             napi_value* receiver, void** data) {
  if (arguments != nullptr) {
    for (size_t i = 0; i < *count; ++i) {
      arguments[i] = i < info->arguments.size() ? info->arguments[i] : env->New(napi_undefined);
    }
  }
  if (count != nullptr) *count = info->arguments.size();
  if (receiver != nullptr) *receiver = env->New(napi_undefined);
  if (data != nullptr) *data = info->data;
  return napi_ok;
}

// "Non-finite number values set the result to zero"; what is out of range of 32 bits loses the upper ones.
napi_status napi_get_value_int32(napi_env, napi_value value, std::int32_t* result) {
  if (value->type != napi_number) return napi_number_expected;
  const double number = std::isfinite(value->number) ? std::fmod(std::trunc(value->number), 4294967296.0) : 0;
  *result = static_cast<std::int32_t>(static_cast<std::uint32_t>(static_cast<std::int64_t>(number)));
  return napi_ok;
}

napi_status napi_get_value_bool(napi_env, napi_value value, bool* result) {
  if (value->type != napi_boolean) return napi_boolean_expected;
  *result = value->number != 0;
  return napi_ok;
}

// What is out of range becomes the next that is not.
napi_status napi_get_value_int64(napi_env, napi_value value, std::int64_t* result) {
  if (value->type != napi_number) return napi_number_expected;
  const double number = value->number;
  if (!std::isfinite(number)) {
    *result = 0;
  } else if (number >= 9223372036854775808.0) {
    *result = std::numeric_limits<std::int64_t>::max();
  } else if (number <= -9223372036854775808.0) {
    *result = std::numeric_limits<std::int64_t>::min();
  } else {
    *result = static_cast<std::int64_t>(number);
  }
  return napi_ok;
}

napi_status napi_create_double(napi_env env, double number, napi_value* result) {
  (*result = env->New(napi_number))->number = number;
  return napi_ok;
}

napi_status napi_create_string_utf8(napi_env env, const char* text, size_t length, napi_value* result) {
  (*result = env->New(napi_string))->text = length == NAPI_AUTO_LENGTH ? text : std::string(text, length);
  return napi_ok;
}

napi_status napi_create_object(napi_env env, napi_value* result) { return Give(result, env->New(napi_object)); }

napi_status napi_create_array_with_length(napi_env env, size_t length, napi_value* result) {
  (*result = env->New(napi_object))->elements.resize(length);
  return napi_ok;
}

napi_status napi_set_element(napi_env env, napi_value array, uint32_t index, napi_value value) {
  MAY_RUN_JAVASCRIPT(env);
  GIVEN(array);
  GIVEN(value);
  array->elements.at(index) = value;
  return napi_ok;
}

// As large as asked and not a byte more, so that AddressSanitizer sees who writes beyond.
napi_status napi_create_arraybuffer(napi_env env, size_t length, void** data, napi_value* result) {
  MAY_RUN_JAVASCRIPT(env);
  *result = env->New(napi_object);
  (*result)->memory = std::make_unique<std::int32_t[]>(length / sizeof(std::int32_t));
  (*result)->length = length;
  if (data != nullptr) *data = (*result)->memory.get();
  return napi_ok;
}

napi_status napi_get_arraybuffer_info(napi_env, napi_value buffer, void** data, size_t* length) {
  GIVEN(buffer);
  if (data != nullptr) *data = buffer->memory.get();
  if (length != nullptr) *length = buffer->length;
  return napi_ok;
}

napi_status napi_create_typedarray(napi_env env, napi_typedarray_type, size_t length, napi_value buffer, size_t,
                                   napi_value* result) {
  MAY_RUN_JAVASCRIPT(env);
  GIVEN(buffer);
  *result = env->New(napi_object);
  (*result)->buffer = buffer;
  (*result)->length = length;
  return napi_ok;
}

napi_status napi_get_typedarray_info(napi_env, napi_value array, napi_typedarray_type* type, size_t* length,
                                     void** data, napi_value* buffer, size_t* offset) {
  GIVEN(array);
  if (type != nullptr) *type = napi_int32_array;
  if (length != nullptr) *length = array->length;
  if (data != nullptr) *data = array->buffer->memory.get();
  if (buffer != nullptr) *buffer = array->buffer;
  if (offset != nullptr) *offset = 0;
  return napi_ok;
}

napi_status napi_create_function(napi_env env, const char*, size_t, napi_callback callback, void* data,
                                 napi_value* result) {
  MAY_RUN_JAVASCRIPT(env);
  *result = env->New(napi_function);
  (*result)->callback = callback;
  (*result)->data = data;
  return napi_ok;
}

napi_status napi_set_named_property(napi_env env, napi_value object, const char* name, napi_value value) {
  MAY_RUN_JAVASCRIPT(env);
  GIVEN(object);
  GIVEN(value);
  object->properties[name] = value;
  return napi_ok;
}

napi_status napi_get_undefined(napi_env env, napi_value* result) { return Give(result, env->New(napi_undefined)); }

napi_status napi_typeof(napi_env, napi_value value, napi_valuetype* result) {
  GIVEN(value);
  *result = value->type;
  return napi_ok;
}

// Values live as long as the environment, so a reference is the value.
napi_status napi_create_reference(napi_env, napi_value value, uint32_t, napi_ref* result) {
  GIVEN(value);
  *result = reinterpret_cast<napi_ref>(value);
  return napi_ok;
}
napi_status napi_delete_reference(napi_env, napi_ref) { return napi_ok; }
napi_status napi_get_reference_value(napi_env, napi_ref reference, napi_value* result) {
  return Give(result, reinterpret_cast<napi_value>(reference));
}

napi_status napi_set_instance_data(napi_env env, void* data, napi_finalize finalize, void* hint) {
  env->instance_data = data;
  env->finalize = finalize;
  env->finalize_hint = hint;
  return napi_ok;
}
napi_status napi_get_instance_data(napi_env env, void** data) {
  *data = env->instance_data;
  return napi_ok;
}

napi_status napi_is_exception_pending(napi_env, bool* result) {
  *result = false;
  return napi_ok;
}

napi_status napi_open_handle_scope(napi_env, napi_handle_scope*) { return napi_ok; }
napi_status napi_close_handle_scope(napi_env, napi_handle_scope) { return napi_ok; }
napi_status napi_open_escapable_handle_scope(napi_env, napi_escapable_handle_scope*) { return napi_ok; }
napi_status napi_close_escapable_handle_scope(napi_env, napi_escapable_handle_scope) { return napi_ok; }
napi_status napi_escape_handle(napi_env, napi_escapable_handle_scope, napi_value value, napi_value* result) {
  return Give(result, value);
}

// Of node-addon-api's errors: an addon that returns error numbers throws none, until its environment ends.
napi_status napi_throw(napi_env env, napi_value) {
  MAY_RUN_JAVASCRIPT(env);
  Unexpected("napi_throw");
}
napi_status napi_create_error(napi_env env, napi_value, napi_value, napi_value* result) {
  return Give(result, env->New(napi_object));
}
napi_status napi_create_type_error(napi_env env, napi_value, napi_value, napi_value* result) {
  return Give(result, env->New(napi_object));
}
napi_status napi_get_last_error_info(napi_env env, const napi_extended_error_info** result) {
  static const napi_extended_error_info kEnded = {"the environment ends", nullptr, 0, napi_pending_exception};
  if (env->calls_left != 0) Unexpected("napi_get_last_error_info");
  *result = &kEnded;
  return napi_ok;
}
napi_status napi_get_and_clear_last_exception(napi_env, napi_value*) {
  Unexpected("napi_get_and_clear_last_exception");
}
napi_status napi_get_property(napi_env env, napi_value, napi_value, napi_value*) {
  MAY_RUN_JAVASCRIPT(env);
  Unexpected("napi_get_property");
}
napi_status napi_has_property(napi_env env, napi_value, napi_value, bool*) {
  MAY_RUN_JAVASCRIPT(env);
  Unexpected("napi_has_property");
}
napi_status napi_define_properties(napi_env, napi_value, size_t, const napi_property_descriptor*) {
  Unexpected("napi_define_properties");
}
napi_status napi_call_function(napi_env, napi_value, napi_value, size_t, const napi_value*, napi_value*) {
  Unexpected("napi_call_function");
}
napi_status napi_async_destroy(napi_env, napi_async_context) { Unexpected("napi_async_destroy"); }
napi_status napi_close_callback_scope(napi_env, napi_callback_scope) { Unexpected("napi_close_callback_scope"); }
void napi_fatal_error(const char* location, size_t, const char* message, size_t) {
  fprintf(stderr, "%s: %s\n", location, message);
  abort();
}
}
