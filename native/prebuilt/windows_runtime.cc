// Replaces libc++ and the C runtime, so that the addon needs KERNEL32 and WS2_32 only. windows.h comes first.
// clang-format off
#include <windows.h>
#include <new>
// clang-format on

void* operator new(std::size_t size) {
  void* memory = HeapAlloc(GetProcessHeap(), 0, size == 0 ? 1 : size);
  if (memory == nullptr) __builtin_trap();
  return memory;
}
void* operator new[](std::size_t size) { return operator new(size); }
void operator delete(void* memory) noexcept {
  if (memory != nullptr) HeapFree(GetProcessHeap(), 0, memory);
}
void operator delete[](void* memory) noexcept { operator delete(memory); }
void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }
void operator delete[](void* memory, std::size_t) noexcept { operator delete(memory); }

// The headers of libc++ call this when one of their checks fails.
_LIBCPP_BEGIN_NAMESPACE_STD
[[noreturn]] void __libcpp_verbose_abort(const char*, ...) noexcept { __builtin_trap(); }
_LIBCPP_END_NAMESPACE_STD

extern "C" {

// The compiler marks each object that uses floating point with a reference to it.
int _fltused = 0;

// volatile, because the compiler would otherwise replace each loop by a call of its own function.
std::size_t strlen(const char* text) {
  const volatile char* end = text;
  while (*end != 0) ++end;
  return static_cast<std::size_t>(end - text);
}

void* memset(void* to, int byte, std::size_t size) {
  volatile char* at = static_cast<char*>(to);
  for (; size > 0; --size) *at++ = static_cast<char>(byte);
  return to;
}

void* memcpy(void* to, const void* from, std::size_t size) {
  volatile char* at = static_cast<char*>(to);
  const char* source = static_cast<const char*>(from);
  for (; size > 0; --size) *at++ = *source++;
  return to;
}
}
