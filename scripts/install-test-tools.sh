#!/usr/bin/env bash
# What tests need of the system, or they skip. Debian and its relatives.
set -euo pipefail

missing=()
need() { # PACKAGE TOOL ...
  local package=$1 tool
  shift
  for tool in "$@"; do
    command -v "$tool" > /dev/null || { missing+=("$package"); return; }
  done
}
need iproute2 ss ip
need util-linux unshare nsenter prlimit setpriv
need strace strace
need python3 python3
need clang clang++
ls "$(clang++ -print-runtime-dir 2> /dev/null)"/libclang_rt.fuzzer* > /dev/null 2>&1 || missing+=(libclang-rt-dev)

if [ ${#missing[@]} -gt 0 ]; then
  apt-get update
  DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${missing[@]}"
fi
