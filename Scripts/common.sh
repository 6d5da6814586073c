# Sourced by the scripts beside it: strict mode, the repository as working directory.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
  echo "$(basename "$0"): $*" >&2
  exit 1
}

# Builds the tests, the program that they start, and what they preload into it. They are named one by one: a build of everything
# includes products of the dependencies that nobody needs here.
# An import of a target that Package.swift does not list as a dependency is an error.
build_tests() {
  local product
  for product in alexbench FaultInjector AlexBenchPackageTests; do
    swift build -c release --explicit-target-dependency-import-check error --product "$product"
  done
}

require_swift() {
  command -v swift >/dev/null ||
    fail "swift is not on PATH; install Swift 6.3 from https://www.swift.org/install/linux and try again"
}
