#!/usr/bin/env bash
# What scripts/matrix needs of the system beyond scripts/install-test-tools.sh. Debian and its relatives.
set -euo pipefail

packages=(
  # ARM programs: an emulator of their CPU, and what they link with
  qemu-user-static
  libc6-arm64-cross libstdc++6-arm64-cross libatomic1-arm64-cross
  libc6-armhf-cross libstdc++6-armhf-cross libatomic1-armhf-cross
  # Bun for musl: the loader, and what its libstdc++ is made of
  musl g++ binutils
)

missing=()
for package in "${packages[@]}"; do
  dpkg-query --show --showformat '${db:Status-Status}\n' "$package" 2> /dev/null | grep -qx installed || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  apt-get update
  DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${missing[@]}"
fi
