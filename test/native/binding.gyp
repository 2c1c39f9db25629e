{
  "target_defaults": {
    "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")", "../../native"],
    "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS"],
    "cflags_cc": ["-std=c++17", "-Wall", "-Wextra"],
    "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"]
  },
  "targets": [
    {
      "target_name": "oracle",
      "sources": ["oracle.cc"]
    },
    {
      "target_name": "interposer",
      "type": "loadable_module",
      "sources": ["interposer.c"],
      "cflags": ["-fvisibility=default"],
      "libraries": ["-ldl"]
    },
    {
      "target_name": "ref_flip",
      "defines": ["TCP_KEEPALIVE_REF_FLIP"],
      "sources": [
        "../../native/addon.cc",
        "../../native/keepalive.cc",
        "../../native/socket_options_posix.cc",
        "../../native/socket_options_linux.cc",
        "../../native/windows_socket.cc"
      ]
    },
    {
      "target_name": "unsupported",
      "sources": ["../../native/addon.cc", "../../native/keepalive.cc", "../../native/socket_options_unsupported.cc"]
    }
  ]
}
