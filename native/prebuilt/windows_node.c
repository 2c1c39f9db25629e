// Node's functions on Windows. An import library would bind them to a module with the name node.exe, and the addon
// would not load in a renamed Node, in Electron or in Bun. A dllimport function is called through a pointer,
// __imp_NAME. This file defines these pointers, and DllMain looks up the functions in the process that loads the addon.
// node_symbols.inc is made by the build: NODE_SYMBOL(name) for each function that is called.
#include <windows.h>

#define NODE_SYMBOL(name) void* __imp_##name;
#include "node_symbols.inc"
#undef NODE_SYMBOL

// In a section of their own, where scripts/prebuild/binary.js reads them.
#define NODE_SYMBOL(name) __attribute__((section(".nodeapi"))) static const char name_of_##name[] = #name;
#include "node_symbols.inc"
#undef NODE_SYMBOL

static const struct {
  const char* name;
  void** pointer;
} kSymbols[] = {
#define NODE_SYMBOL(name) {name_of_##name, &__imp_##name},
#include "node_symbols.inc"
#undef NODE_SYMBOL
};

// Replaces a libuv function that the runtime does not have. Returns UV_ENOSYS, which the callers treat as a refusal.
static long long Missing(void) { return -4054; }

// The program itself, or the library that contains Node: where Node is built as a library, and in NW.js.
static HMODULE FindNode(void) {
  static const wchar_t* const kModules[] = {NULL, L"libnode.dll", L"node.dll"};
  for (int i = 0; i < 3; ++i) {
    HMODULE module = GetModuleHandleW(kModules[i]);
    if (module != NULL && GetProcAddress(module, "napi_create_function") != NULL) return module;
  }
  return NULL;
}

// FALSE makes the load fail, with an error that JavaScript can catch.
static BOOL FindSymbols(void) {
  const HMODULE node = FindNode();
  if (node == NULL) return FALSE;
  for (size_t i = 0; i < sizeof(kSymbols) / sizeof(kSymbols[0]); ++i) {
    void* found = (void*)GetProcAddress(node, kSymbols[i].name);
    if (found == NULL) {
      if (kSymbols[i].name[0] != 'u') return FALSE;
      found = (void*)Missing;
    }
    *kSymbols[i].pointer = found;
  }
  return TRUE;
}

BOOL WINAPI DllMain(HINSTANCE library, DWORD reason, LPVOID reserved) {
  (void)reserved;
  if (reason != DLL_PROCESS_ATTACH) return TRUE;
  DisableThreadLibraryCalls(library);
  return FindSymbols();
}
