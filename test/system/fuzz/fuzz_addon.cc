// What the fuzzer does with the addon: any arguments, over a kernel that refuses and answers what it likes. What must
// hold is said after each call; libFuzzer looks for what does not, AddressSanitizer and UndefinedBehaviorSanitizer with
// it.
#include <fuzzer/FuzzedDataProvider.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>

#include "../../../native/keepalive.h"
#include "../../../native/tcp_info.h"
#include "fake_node_api.h"
#include "model_info.h"
#include "model_kernel.h"

extern "C" napi_value napi_register_module_v1(napi_env env, napi_value exports);

namespace {

using model::kernel;
using model::Options;

// The result array, as src/binding.ts reads it.
enum Slot { kRefusedOption = keepalive::kOptionCount, kRefusedSyscall, kUndoError, kChanges, kLent, kInfo };
constexpr std::int32_t kBatchLength = 64;
// apply(descriptor, five settings, room)
constexpr size_t kRoomArgument = 1;

#define HOLDS(condition)                                  \
  do {                                                    \
    if (!(condition)) {                                   \
      fprintf(stderr, "does not hold: %s\n", #condition); \
      abort();                                            \
    }                                                     \
  } while (false)

class Fuzzer {
 public:
  Fuzzer(const std::uint8_t* data, size_t size) : data_(data, size) {
    kernel = {};
    kernel.has_user_timeout = data_.ConsumeIntegralInRange(0, 7) > 0;
    kernel.has_ipv4 = data_.ConsumeBool();
    for (int i = 0; i < 2; ++i) kernel.sockets[kernel.next++] = AnyOptions();
    napi_value exports = env_.New(napi_object);
    if (data_.ConsumeIntegralInRange(0, 15) == 0) env_.calls_left = data_.ConsumeIntegralInRange(1, 50);
    napi_register_module_v1(&env_, exports);
    if (env_.calls_left == 0) return;
    env_.calls_left = -1;
    exports_ = exports->properties;
    slots_ = exports_["slots"]->buffer->memory.get();
    batch_ = exports_["batch"]->buffer->memory.get();
  }

  void Run() {
    while (slots_ != nullptr && data_.remaining_bytes() > 0) Step();
  }

 private:
  // In the ranges that setsockopt takes; the defaults can be beyond (net.ipv4.tcp_keepalive_time).
  Options AnyOptions() {
    Options options;
    options[0] = data_.ConsumeBool();
    options[1] = data_.ConsumeIntegralInRange(1, 32767);
    options[2] = data_.ConsumeIntegralInRange(1, 32767);
    options[3] = data_.ConsumeIntegralInRange(1, 127);
    options[4] = data_.ConsumeIntegralInRange(0, INT32_MAX);
    return options;
  }

  void AnyKernel() {
    for (model::Refusal& refusal : kernel.refusals) {
      refusal.call = data_.ConsumeIntegralInRange(-3, 3);
      refusal.nth = data_.ConsumeIntegralInRange(0, 11);
      refusal.times = data_.ConsumeIntegralInRange(1, 3);
      refusal.error = data_.ConsumeIntegralInRange(1, 133);
    }
    kernel.info_length = data_.ConsumeIntegralInRange<std::uint32_t>(0, kernel.info.size());
    if (data_.ConsumeBool()) data_.ConsumeData(kernel.info.data(), kernel.info.size());
    kernel.sets = 0;
    kernel.delayed_while_on = false;
  }

  double AnyNumber() {
    switch (data_.ConsumeIntegralInRange(0, 4)) {
      case 0:
        return data_.ConsumeFloatingPoint<double>();
      case 1:
        return data_.ConsumeIntegral<std::int64_t>();
      case 2:
        return data_.ConsumeIntegralInRange(-2, 200);
      case 3:
        return data_.ConsumeIntegralInRange(32760, 32770);
      default:
        return data_.PickValueInArray<double>({NAN, INFINITY, -INFINITY, -0.0, 4294967296.0, 2147483648.0, -1});
    }
  }

  std::int32_t AnySetting() {
    switch (data_.ConsumeIntegralInRange(0, 3)) {
      case 0:
        return keepalive::kAbsent;
      case 1:
        return data_.ConsumeIntegralInRange(-2, 200);
      case 2:
        return data_.ConsumeIntegralInRange(32760, 32770);
      default:
        return data_.ConsumeIntegral<std::int32_t>();
    }
  }

  // What apply and try take from the slots.
  Options AnySettings() {
    Options wanted;
    for (int& setting : wanted) setting = AnySetting();
    std::copy(wanted.begin(), wanted.end(), slots_);
    return wanted;
  }

  // Mostly what JavaScript passes.
  std::vector<napi_value> AnyArguments(bool begins_with_socket) {
    std::vector<napi_value> arguments;
    const int count = data_.ConsumeBool() ? 2 : data_.ConsumeIntegralInRange(0, 8);
    for (int i = 0; i < count; ++i) {
      const bool is_socket = i == 0 && begins_with_socket && data_.ConsumeIntegralInRange(0, 7) > 0;
      const bool is_number = is_socket || data_.ConsumeIntegralInRange(0, 15) > 0;
      const auto type = is_number ? napi_number : data_.PickValueInArray({napi_undefined, napi_string, napi_object});
      napi_value argument = env_.New(type);
      if (is_socket)
        argument->number = model::Kernel::kFirst + data_.ConsumeIntegralInRange(0, 1);
      else if (is_number)
        argument->number = AnyNumber();
      arguments.push_back(argument);
    }
    return arguments;
  }

  double Call(const char* name, const std::vector<napi_value>& arguments) {
    kernel.is_asked = true;
    const double answer = CallFunction(&env_, exports_.at(name), arguments)->number;
    kernel.is_asked = false;
    return answer;
  }

  void Step() {
    AnyKernel();
    const auto before = kernel.sockets;
    switch (data_.ConsumeIntegralInRange(0, 8)) {
      case 0:
        Apply(AnyArguments(true));
        break;
      case 1:
        Try(AnyArguments(false));
        break;
      case 2:
        Only("read", AnyArguments(true));
        break;
      case 3:
        Only("readSystem", AnyArguments(false));
        break;
      case 4:
        ReadTcpInfo(AnyArguments(true));
        break;
      case 5:
        LastHeard();
        break;
      case 6:
        AcceptQueueLength(AnyArguments(true));
        break;
      case 7:
        UnansweredFor(AnyArguments(true));
        break;
      default:
        CloseDuplicate(AnyArguments(true));
    }
    HOLDS(kernel.sockets.size() == before.size());
  }

  // Reads, and changes nothing.
  double Only(const char* name, const std::vector<napi_value>& arguments) {
    const auto before = kernel.sockets;
    const double error = Call(name, arguments);
    HOLDS(error <= 0 && kernel.sets == 0 && kernel.sockets == before);
    if (error != 0) Refusal();
    return error;
  }

  void Refusal() {
    HOLDS(slots_[kRefusedOption] >= 0 && slots_[kRefusedOption] < keepalive::kOptionCount);
    HOLDS(slots_[kRefusedSyscall] >= 0 && slots_[kRefusedSyscall] <= keepalive::kIoctl);
    HOLDS(slots_[kUndoError] <= 0);
  }

  // What the addon makes of the argument; if it is of another type, nothing is lent.
  std::int32_t Room(const std::vector<napi_value>& arguments) {
    std::int32_t room = keepalive::kAbsent;
    if (kRoomArgument < arguments.size()) napi_get_value_int32(&env_, arguments[kRoomArgument], &room);
    return room;
  }

  void Apply(const std::vector<napi_value>& arguments) {
    const auto before = kernel.sockets;
    const Options wanted = AnySettings();
    const double error = Call("apply", arguments);
    HOLDS(error <= 0);
    const int number = arguments.empty() || arguments[0]->type != napi_number ? -1 : ToInt(arguments[0]->number);
    for (const auto& [socket, options] : before) {
      const Options& after = kernel.sockets.at(socket);
      if (socket != number) {
        HOLDS(after == options);
      } else if (error == 0) {
        Applied(arguments, wanted, options, after);
      } else {
        Refusal();
        if (slots_[kUndoError] == 0) AsItWas(options, after);
      }
    }
  }

  static int ToInt(double number) { return std::abs(number) < 1e9 ? static_cast<int>(number) : -1; }

#ifdef OLD_SYSTEM
  // test/native/old_system.cc: its one call for the timing sets three options here and can stop between them.
  void AsItWas(const Options& before, const Options& after) {
    HOLDS(after[keepalive::kEnabled] == before[keepalive::kEnabled]);
    // More seconds than milliseconds can count come back as the most that can.
    const int held = before[keepalive::kUserTimeout];
    const int now = after[keepalive::kUserTimeout];
    HOLDS(now == held || now == std::min(held, INT32_MAX / 1000 + 1));
  }

  void Applied(const std::vector<napi_value>&, const Options& wanted, const Options&, const Options& after) {
    HOLDS((after[keepalive::kEnabled] != 0) == (wanted[keepalive::kEnabled] != 0));
  }
#else
  void AsItWas(const Options& before, const Options& after) {
    // While keepalive is off its timing has no effect.
    const bool off = before[keepalive::kEnabled] == 0;
    HOLDS(off ? after[keepalive::kEnabled] == 0 && after[keepalive::kUserTimeout] == before[keepalive::kUserTimeout]
              : after == before);
    HOLDS(!kernel.delayed_while_on);
  }

  void Applied(const std::vector<napi_value>& arguments, const Options& wanted, const Options& before,
               const Options& after) {
    HOLDS(!kernel.delayed_while_on);
    HOLDS((after[0] != 0) == (wanted[0] != 0));
    const int lent = slots_[kLent];
    HOLDS(Room(arguments) == keepalive::kAbsent ? lent == 0 : lent >= 0);
    int added = 0;
    for (int option = 1; option < keepalive::kOptionCount; ++option) {
      const std::int32_t more =
          after[option] - (wanted[option] == keepalive::kAbsent ? before[option] : wanted[option]);
      HOLDS(more == 0 || option == keepalive::kUserTimeout || option == keepalive::kCount);
      HOLDS(more == 0 || more == lent);
      added += more;
    }
    HOLDS(added == lent);
    HOLDS(slots_[kChanges] == kernel.sets);
    HOLDS((kernel.sets == 0) == (before == after));
  }
#endif

  void Try(const std::vector<napi_value>& arguments) {
    const auto before = kernel.sockets;
    AnySettings();
    const double error = Call("try", arguments);
    HOLDS(error <= 0 && kernel.sockets == before);
    if (error != 0) Refusal();
  }

  void ReadTcpInfo(const std::vector<napi_value>& arguments) {
    const auto before = kernel.sockets;
    const int expected = ExpectedOf([&] { return model::AskInfo(SocketOf(arguments)); });
    const double error = Call("readTcpInfo", arguments);
    HOLDS(error == expected && kernel.sockets == before);
    if (error != 0) return;
    for (int field = 0; field < keepalive::kInfoFieldCount; ++field) {
      HOLDS(slots_[kInfo + field] == model::InfoField(field));
    }
  }

  void LastHeard() {
    std::int32_t asked[kBatchLength];
    for (std::int32_t& place : asked)
      place = data_.ConsumeBool() ? model::Kernel::kFirst : data_.ConsumeIntegral<int>();
    std::copy(asked, asked + kBatchLength, batch_);
    const std::vector<napi_value> arguments = AnyArguments(false);
    std::int32_t count = 0;
    if (!arguments.empty()) napi_get_value_int32(&env_, arguments[0], &count);
    ExpectedOf([&] {
      for (std::int32_t i = 0; i < std::min(count, kBatchLength); ++i) {
        const int error = model::AskInfo(asked[i]);
        asked[i] = error == 0 ? model::LastHeard() : error;
      }
      return 0;
    });
    Call("lastHeard", arguments);
    for (std::int32_t i = 0; i < kBatchLength; ++i) HOLDS(batch_[i] == asked[i]);
  }

  void AcceptQueueLength(const std::vector<napi_value>& arguments) {
    const auto before = kernel.sockets;
    const int error = ExpectedOf([&] { return model::AskInfo(SocketOf(arguments)); });
    const double length = Call("acceptQueueLength", arguments);
    HOLDS(length == (error == 0 ? model::AcceptQueueLength() : error));
    HOLDS(kernel.sockets == before);
  }

  void UnansweredFor(const std::vector<napi_value>& arguments) {
    const auto before = kernel.sockets;
    const int error = ExpectedOf([&] { return model::AskInfo(SocketOf(arguments)); });
    const double time = Call("unansweredFor", arguments);
    HOLDS(error == 0 ? time >= 0 : time == error);
    HOLDS(kernel.sockets == before);
  }

  // The socket, and no other; then it is there again for the next steps.
  void CloseDuplicate(const std::vector<napi_value>& arguments) {
    const auto before = kernel.sockets;
    auto expected = before;
    expected.erase(SocketOf(arguments));
    Call("closeDuplicate", arguments);
    HOLDS(kernel.sockets == expected);
    kernel.sockets = before;
  }

  // What the model answers a call that is still to be made: the same refusals wait for it.
  template <typename Ask>
  static int ExpectedOf(Ask ask) {
    const auto refusals = kernel.refusals;
    const int answer = ask();
    kernel.refusals = refusals;
    return answer;
  }

  // The descriptor that an argument comes to.
  int SocketOf(const std::vector<napi_value>& arguments) {
    std::int64_t socket = -1;
    if (!arguments.empty()) napi_get_value_int64(&env_, arguments[0], &socket);
    return static_cast<int>(socket);
  }

  FuzzedDataProvider data_;
  napi_env__ env_;
  std::map<std::string, napi_value> exports_;
  std::int32_t* slots_ = nullptr;
  std::int32_t* batch_ = nullptr;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  Fuzzer(data, size).Run();
  return 0;
}
