#!/usr/bin/env bash
# What check:native and check:sanitizers need of the system. Debian and its relatives.
set -euo pipefail

missing=()
for tool in clang clang-tidy valgrind; do
  command -v "$tool" > /dev/null || missing+=("$tool")
done

if [ ${#missing[@]} -gt 0 ]; then
  apt-get update
  DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${missing[@]}"
fi
