{
  "targets": [
    {
      "target_name": "tcp_keepalive",
      "sources": ["native/addon.cc", "native/keepalive.cc"],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      # The last one: a worker that is terminated while the addon loads must not abort the process.
      "defines": [
        "NAPI_VERSION=8",
        "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS",
        "NODE_ADDON_API_DISABLE_DEPRECATED",
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"
      ],
      "cflags_cc": ["-std=c++17", "-fvisibility=hidden", "-Wall", "-Wextra", "-Wpedantic"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"],
      "conditions": [
        ["OS in ('linux', 'android')", {
          "sources": [
            "native/clock_posix.cc",
            "native/socket_options_posix.cc",
            "native/socket_options_linux.cc",
            "native/tcp_info_linux.cc"
          ]
        }],
        ["OS == 'mac'", {
          "sources": [
            "native/clock_posix.cc",
            "native/socket_options_posix.cc",
            "native/socket_options_darwin.cc",
            "native/tcp_info_darwin.cc"
          ],
          "xcode_settings": {
            "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
            "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
            "MACOSX_DEPLOYMENT_TARGET": "11.0"
          }
        }],
        ["OS == 'win'", {
          "sources": [
            "native/clock_windows.cc",
            "native/socket_options_windows.cc",
            "native/tcp_info_windows.cc",
            "native/windows_socket.cc"
          ],
          "defines": ["TCP_KEEPALIVE_REF_FLIP"],
          "libraries": ["ws2_32.lib"],
          "msvs_settings": { "VCCLCompilerTool": { "WarningLevel": 4 } }
        }],
        ["OS not in ('linux', 'android', 'mac', 'win')", {
          "sources": [
            "native/clock_posix.cc",
            "native/socket_options_unsupported.cc",
            "native/tcp_info_unsupported.cc"
          ]
        }]
      ]
    }
  ]
}
