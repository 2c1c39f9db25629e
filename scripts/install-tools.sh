#!/usr/bin/env bash
# install-tools.sh test|check|matrix|kernels...: what tests (or they skip), checks, the matrix and `npm run long -- kernels` need
# of the system, beyond Node and a C++ compiler. Debian and its relatives.
set -euo pipefail

declare -A packages=(
  [test]='iproute2 util-linux nftables strace python3 clang libclang-rt-dev llvm
    nghttp2-client nghttp2-server python3-grpcio postgresql mariadb-server redis-server chromium nginx haproxy'
  [check]='clang clang-tidy valgrind gcovr llvm'
  # Programs for other CPUs: an emulator of each, and what they link with. Bun for musl: the loader, and what its libstdc++ is made of.
  [matrix]='qemu-user-static libc6-arm64-cross libstdc++6-arm64-cross libatomic1-arm64-cross
    libc6-armhf-cross libstdc++6-armhf-cross libatomic1-armhf-cross
    libc6-ppc64el-cross libstdc++6-ppc64el-cross libatomic1-ppc64el-cross
    libc6-s390x-cross libstdc++6-s390x-cross libatomic1-s390x-cross musl g++ binutils'
  # Kernels and guests in emulation. Their sources (linux-source-6.1) are downloaded when they are built.
  [kernels]='iproute2 util-linux nftables python3 qemu-system-x86 busybox-static cpio gcc make flex bison bc libelf-dev libssl-dev
    xz-utils'
)

missing=()
for part in "$@"; do
  for package in ${packages[$part]}; do
    # Ubuntu has no such package, but GitHub's machines have the program.
    [ "$package" = chromium ] && command -v chromium > /dev/null && continue
    dpkg-query --show --showformat '${db:Status-Status}\n' "$package" 2> /dev/null | grep -qx installed || missing+=("$package")
  done
done
if [ ${#missing[@]} -gt 0 ]; then
  apt-get update
  DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${missing[@]}"
fi
