#include "keepalive.h"

#include <algorithm>
#include <initializer_list>
#include <iterator>

#include "tcp_info.h"

namespace keepalive {

namespace {

constexpr Outcome kDone = {0, kEnabled, kSetsockopt, 0, 0, 0};

Outcome Refused(int error, Option option, Syscall syscall) { return {error, option, syscall, 0, 0, 0}; }

// Options that were changed, so that they can be restored.
class Changes {
 public:
  Changes(Socket socket, const Settings& held) : socket_(socket), held_(held) {}

  // After a refusal, the options that were set before are restored.
  Outcome Set(Option option, std::int32_t value) {
    const int error = SetOption(socket_, option, value);
    if (error == 0) {
      done_[count_++] = option;
      Outcome outcome = kDone;
      outcome.changes = count_;
      return outcome;
    }
    return Undo(Refused(error, option, kSetsockopt));
  }

  // Last change first: keepalive that was disabled before the timing changed is enabled again after it.
  Outcome Undo(Outcome refusal) {
    while (count_ > 0) {
      const Option option = done_[--count_];
      const int error = SetOption(socket_, option, held_.value[option]);
      if (error != 0 && refusal.undo_error == 0) refusal.undo_error = error;
    }
    return refusal;
  }

 private:
  Socket socket_;
  const Settings& held_;
  Option done_[kOptionCount + 1] = {};  // kEnabled can be changed twice: off before the timing, on after it
  int count_ = 0;
};

bool Differs(const Settings& wanted, const Settings& held, Option option) {
  const std::int32_t value = wanted.value[option];
  return value != kAbsent && AsHeld(option, value) != held.value[option];
}

bool DiffersAtAll(const Settings& wanted, const Settings& held) {
  constexpr Option kOptions[] = {kInitialDelay, kInterval, kCount, kUserTimeout};
  return std::any_of(std::begin(kOptions), std::end(kOptions),
                     [&](Option option) { return Differs(wanted, held, option); });
}

// If a socket has been silent for longer than a new initial delay, Linux sends a probe at once (net/ipv4/tcp.c,
// tcp_sock_set_keepidle). If keepalive is enabled last, the delay starts anew. A shorter interval has no effect before
// the timer of the old one has run out.
bool NeedsNewTimer(const Settings& wanted, const Settings& held) {
  const bool late = Differs(wanted, held, kInterval) && held.value[kInterval] > wanted.value[kInitialDelay];
  return late || Differs(wanted, held, kInitialDelay);
}

// The sum, limited to `most`. A value that is above `most` already is kept: the kernel refuses it.
std::int32_t Sum(std::int32_t value, std::int32_t more, std::int32_t most) {
  if (value >= most) return value;
  return value > most - more ? most : value + more;
}

constexpr std::int64_t kSecond = 1000;

// For data in flight: how long, from now, the kernel must not give up, so that it sends the data once more after
// `patience` and the peer has a second to acknowledge it. The kernel sends less and less often. Linux rounds a timer up
// by an eighth at most (kernel/time/timer.c), and cuts it to what is left of the user timeout
// (tcp_clamp_rto_to_user_timeout).
std::int64_t UntilAnswered(const Unanswered& unanswered, const Settings& held, std::int64_t patience) {
  constexpr std::int64_t kLongestTimer = 120'000;
  constexpr std::int64_t kRounding = 8;
  const std::int32_t timeout = held.value[kUserTimeout];
  std::int64_t timer = unanswered.timer;
  std::int64_t latest = timer + timer / kRounding - unanswered.timer_since;
  std::int64_t earliest = timer - unanswered.timer_since;
  if (timeout > 0) earliest = std::min<std::int64_t>(earliest, std::max(0, timeout - unanswered.time));
  while (earliest < patience) {
    timer = std::min(2 * timer, kLongestTimer);
    latest += timer + timer / kRounding;
    earliest += timer;
  }
  return latest + kSecond;
}

// Enough for any silence: the highest count for which delay + interval * count is a signed 32-bit number of
// milliseconds.
int LendLongest(const Settings& held, Settings* wanted) {
  constexpr std::int32_t kLongest = INT32_MAX / 1000;
  std::int32_t& count = wanted->value[kCount];
  if (count == kAbsent) count = held.value[kCount];
  const std::int32_t before = count;
  const std::int32_t fitting = (kLongest - wanted->value[kInitialDelay]) / std::max(1, wanted->value[kInterval]);
  count = std::max(count, std::min(fitting, kLargestCount));
  return count - before;
}

// Adds to what is wanted what the kernel counts against the peer, and returns how much was added.
int Lend(Socket socket, const Settings& held, std::int32_t room, Settings* wanted) {
  if (kCountHoldsSilence) return LendLongest(held, wanted);
  Unanswered unanswered = {};
  if (GetUnanswered(socket, &unanswered) != 0) return 0;
  const bool by_time = (wanted->value[kUserTimeout] == kAbsent ? held : *wanted).value[kUserTimeout] > 0;
  const Option option = by_time ? kUserTimeout : kCount;
  const std::int32_t most = by_time ? INT32_MAX : kLargestCount;
  std::int32_t& value = wanted->value[option];
  if (value == kAbsent) value = held.value[option];
  const std::int32_t before = value;
  if (!by_time) {
    value = Sum(value, unanswered.probes, most);
  } else if (unanswered.timer > 0) {
    const std::int64_t last_probe =
        kSecond * (wanted->value[kInitialDelay] + std::int64_t{wanted->value[kCount] - 1} * wanted->value[kInterval]);
    const std::int64_t patience = std::min<std::int64_t>(value, last_probe);
    const std::int64_t until = std::max<std::int64_t>(value, UntilAnswered(unanswered, held, patience));
    value = static_cast<std::int32_t>(std::min<std::int64_t>(until + unanswered.time + kTwoTicks, most));
  } else if (unanswered.time > room) {
    // Not more than the silence: a verdict that just misses a probe comes one interval later. The room is larger than
    // two ticks.
    value = Sum(value, std::max(0, unanswered.time - kTwoTicks), most);
  }
  return value - before;
}

// While keepalive is off, the timing has no effect and starts no timer, so the old timing need not be known. A refusal
// is undone by disabling keepalive again. The user timeout has an effect of its own; it is set last, so that it never
// has to be undone.
Outcome Start(Socket socket, Settings wanted) {
  wanted.value[kEnabled] = 1;
  Outcome outcome = kDone;
  bool started = false;
  for (Option option : {kInitialDelay, kInterval, kCount, kEnabled, kUserTimeout}) {
    if (wanted.value[option] == kAbsent) continue;
    const int error = SetOption(socket, option, wanted.value[option]);
    if (error != 0) {
      Outcome refusal = Refused(error, option, kSetsockopt);
      if (started) refusal.undo_error = SetOption(socket, kEnabled, 0);
      return refusal;
    }
    started = started || option == kEnabled;
    ++outcome.changes;
  }
  return outcome;
}

// Whether the kernel may count anything against the peer by now. Where it does not tell, nothing can be lent.
bool MayOwe(Socket socket, std::int32_t room) {
  Unanswered unanswered = {};
  if (room == kAbsent || GetUnanswered(socket, &unanswered) != 0) return false;
  return unanswered.probes > 0 || unanswered.timer > 0 || unanswered.time > room;
}

Outcome ReadEnabled(Socket socket, Settings* held) {
  const int error = GetOption(socket, kEnabled, &held->value[kEnabled]);
  return error == 0 ? kDone : Refused(error, kEnabled, kGetsockopt);
}

Outcome ReadUserTimeout(Socket socket, Settings* held) {
  const int error = GetOption(socket, kUserTimeout, &held->value[kUserTimeout]);
  if (error == kNoSuchOption) {
    held->value[kUserTimeout] = kAbsent;
    return kDone;
  }
  return error == 0 ? kDone : Refused(error, kUserTimeout, kGetsockopt);
}

Outcome ReadRest(Socket socket, Settings* held) {
  for (Option option : {kInitialDelay, kInterval, kCount}) {
    const int error = GetOption(socket, option, &held->value[option]);
    if (error != 0) return Refused(error, option, kGetsockopt);
  }
  return ReadUserTimeout(socket, held);
}

// The timing cannot be read, so it is set even if the socket holds it already.
Outcome ApplyAtOnce(Socket socket, const Settings& wanted, Settings held) {
  const std::int32_t count = wanted.value[kCount];
  if (count != kAbsent && count != kCountAtOnce) return Refused(kNoSuchOption, kCount, kSetsockopt);

  Outcome outcome = ReadUserTimeout(socket, &held);

  Changes changes(socket, held);
  if (outcome.error == 0 && Differs(wanted, held, kUserTimeout)) {
    outcome = changes.Set(kUserTimeout, wanted.value[kUserTimeout]);
  }
  if (outcome.error != 0) return outcome;
  if (wanted.value[kEnabled] == 0) return changes.Set(kEnabled, 0);
  const int refusal = EnableAtOnce(socket, wanted.value[kInitialDelay], wanted.value[kInterval]);
  if (refusal != 0) return changes.Undo(Refused(refusal, kInitialDelay, kIoctl));
  outcome = kDone;
  outcome.changes = 1;
  return outcome;
}

// Sets what differs from what is held.
Outcome Change(Socket socket, const Settings& held, std::int32_t room, Settings wanted) {
  const bool enabled = held.value[kEnabled] != 0;
  const bool enable = wanted.value[kEnabled] != 0;
  int lent = 0;
  if (room != kAbsent && enable && (!enabled || DiffersAtAll(wanted, held))) lent = Lend(socket, held, room, &wanted);
  // What is lent counts from now on, and so does the initial delay.
  const bool pause = enabled && (!enable || (!kEnableFirst && (lent > 0 || NeedsNewTimer(wanted, held))));
  const bool start = enable && (pause || !enabled);

  Outcome outcome = kDone;
  Changes changes(socket, held);
  if (pause) outcome = changes.Set(kEnabled, 0);
  if (kEnableFirst && start) outcome = changes.Set(kEnabled, 1);
  for (Option option : {kUserTimeout, kInterval, kCount, kInitialDelay}) {
    const bool starts = kEnableFirst && start && option == kInitialDelay;
    if (outcome.error == 0 && (starts || Differs(wanted, held, option))) {
      outcome = changes.Set(option, wanted.value[option]);
    }
  }
  if (outcome.error == 0 && !kEnableFirst && start) outcome = changes.Set(kEnabled, 1);
  if (outcome.error == 0) outcome.lent = lent;
  return outcome;
}

template <typename Operation>
Outcome OnScratchSocket(Operation operation) {
  Socket socket = 0;
  const int error = OpenScratchSocket(&socket);
  if (error != 0) return Refused(error, kEnabled, kSocket);
  const Outcome outcome = operation(socket);
  CloseSocket(socket);
  return outcome;
}

}  // namespace

Outcome Read(Socket socket, Settings* held) {
  const Outcome outcome = ReadEnabled(socket, held);
  return outcome.error == 0 ? ReadRest(socket, held) : outcome;
}

Outcome Apply(Socket socket, const Settings& wanted, std::int32_t room) {
  Settings held = {};
  Outcome outcome = ReadEnabled(socket, &held);
  if (outcome.error != 0) return outcome;
  const bool starts = wanted.value[kEnabled] != 0 && held.value[kEnabled] == 0;
  const bool timing_first = !kEnableFirst && !kTimingAtOnce;
  if (starts && timing_first && !MayOwe(socket, room)) return Start(socket, wanted);
  outcome = ReadRest(socket, &held);
  if (kTimingAtOnce && outcome.error == kNoSuchOption) return ApplyAtOnce(socket, wanted, held);
  return outcome.error == 0 ? Change(socket, held, room, wanted) : outcome;
}

Outcome ReadSystem(Settings* held) {
  return OnScratchSocket([held](Socket socket) { return Read(socket, held); });
}

Outcome Try(const Settings& wanted) {
  return OnScratchSocket([&wanted](Socket socket) { return Apply(socket, wanted, kAbsent); });
}

}  // namespace keepalive
