{
  "targets": [
    {
      "target_name": "tcp_keepalive",
      "sources": ["addon.cc", "keepalive.cc"],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
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
            "socket_options_posix.cc",
            "socket_options_linux.cc",
            "tcp_info_linux.cc"
          ]
        }],
        ["OS == 'mac'", {
          "sources": [
            "socket_options_posix.cc",
            "socket_options_darwin.cc",
            "tcp_info_darwin.cc"
          ],
          "xcode_settings": {
            "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
            "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
            "MACOSX_DEPLOYMENT_TARGET": "11.0"
          }
        }],
        ["OS == 'win'", {
          "sources": [
            "socket_options_windows.cc",
            "tcp_info_windows.cc",
            "windows_socket.cc"
          ],
          "defines": ["TCP_KEEPALIVE_REF_FLIP"],
          "libraries": ["ws2_32.lib"],
          "msvs_settings": { "VCCLCompilerTool": { "WarningLevel": 4 } }
        }],
        ["OS not in ('linux', 'android', 'mac', 'win')", {
          "sources": ["socket_options_unsupported.cc", "tcp_info_unsupported.cc"]
        }]
      ]
    }
  ]
}
