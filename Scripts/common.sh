# Sourced by the scripts beside it: strict mode, the repository as working directory.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
  echo "$(basename "$0"): $*" >&2
  exit 1
}

# The tests and the program that they start. Named one by one: a build of everything takes in the
# dependencies' plugins too, and with them now and then a protobuf compiler in C++, ten minutes of work.
build_tests() {
  swift build -c release --product alexbench
  swift build -c release --product AlexBenchPackageTests
}

require_swift() {
  command -v swift >/dev/null ||
    fail "swift is not on PATH; install Swift 6.3 from https://www.swift.org/install/linux and try again"
}
