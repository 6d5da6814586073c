import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The signal that asked the program to stop; 0 while there was none.
private let caughtSignal = Atomic<Int32>(0)

/// Ctrl-C and SIGTERM: the block that is running is finished, then everything is written.
package enum Interruption {
  /// Takes over both signals; a second one of either ends the program at once.
  package static func install() {
    // Touched here, since a signal handler must not be the first to do so.
    caughtSignal.store(0, ordering: .relaxed)
    var unblocked = sigset_t()
    sigemptyset(&unblocked)
    for number in [SIGINT, SIGTERM] {
      signal(number) { caught in
        if caughtSignal.load(ordering: .relaxed) != 0 { _exit(128 + caught) }
        caughtSignal.store(caught, ordering: .relaxed)
      }
      sigaddset(&unblocked, number)
    }
    // A parent that starts this program from a thread that blocks signals passes that on.
    pthread_sigmask(SIG_UNBLOCK, &unblocked, nil)
  }

  /// A worker shares its runner's terminal, whose Ctrl-C is for the runner to act on.
  package static func ignore() { signal(SIGINT, SIG_IGN) }

  /// The signal that came, or nil.
  package static var signalNumber: Int32? {
    let number = caughtSignal.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }
}
