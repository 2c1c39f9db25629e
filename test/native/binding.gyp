{
  "target_defaults": {
    "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
    "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS"],
    "cflags_cc": ["-std=c++17", "-Wall", "-Wextra"],
    "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"]
  },
  "targets": [
    { "target_name": "oracle", "sources": ["oracle.cc"] },
    { "target_name": "interposer", "type": "loadable_module", "sources": ["interposer.c"] },
    { "target_name": "sandbox", "type": "executable", "sources": ["sandbox.c"] },
    { "target_name": "ref_flip", "sources": ["ref_flip.cc", "linux_parts.cc"] },
    { "target_name": "old_system", "sources": ["old_system.cc"] },
    { "target_name": "macos_order", "sources": ["macos_order.cc"] },
    { "target_name": "unsupported", "sources": ["unsupported.cc"] },
    { "target_name": "canary", "sources": ["canary.cc"] }
  ]
}
