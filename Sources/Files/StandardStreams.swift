import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What this program does to its standard streams before it uses them.
package enum StandardStreams {
  /// Makes writing fail with an error number where it would end the process, and keeps files that are
  /// opened later from taking the place of a stream that is closed. Call it first.
  package static func prepare() {
    // A limit of file sizes (ulimit -f) is an error like a full disk.
    signal(SIGXFSZ, SIG_IGN)
    for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) < 0 {
      // Opened the wrong way round, so that using it fails as it would have.
      let opened = open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY)
      if opened >= 0, opened != descriptor {
        dup2(opened, descriptor)
        close(opened)
      }
    }
  }
}

/// Standard output. All that commands print goes through here: what cannot be written is known at the
/// end, and nothing after it is written.
package enum StandardOutput {
  private struct State {
    var pending: [UInt8] = []
    /// The `errno` of the first write that failed.
    var failure: Int32?
    var isTerminal: Bool?
  }

  /// For errors.
  package static let name = "standard output"
  private static let state = Mutex(State())
  private static let bufferByteCount = 1 << 16

  /// Writes a text: at once on a terminal, otherwise when there is enough of it, and at the end.
  package static func write(_ text: String) {
    state.withLock { state in
      guard state.failure == nil else { return }
      state.pending += text.utf8
      let isTerminal = state.isTerminal ?? (isatty(1) == 1)
      state.isTerminal = isTerminal
      if isTerminal || state.pending.count >= bufferByteCount { send(&state) }
    }
  }

  /// Writes what is still here.
  package static func flush() { state.withLock { send(&$0) } }

  /// Writes what is still here. A disk over the network may be full only when a file is closed.
  /// - Throws: that something of what was printed could not be written.
  package static func finish() throws(FilesError) {
    let code = state.withLock { state -> Int32 in
      send(&state)
      if let failure = state.failure { return failure }
      let copy = fcntl(1, F_DUPFD_CLOEXEC, 3)
      return copy < 0 ? 0 : closeFile(copy)
    }
    guard code == 0 else { throw .cannotWrite(name, code) }
  }

  private static func send(_ state: inout State) {
    guard state.failure == nil, !state.pending.isEmpty else { return }
    let code = state.pending.withUnsafeBytes { writeAll($0, to: 1).code }
    state.pending.removeAll(keepingCapacity: true)
    guard code != 0 else { return }
    state.failure = code
    // Nobody reads on (`| head`): the program ends as every other does, also where it ignores the
    // signal for the sake of its workers.
    if code == EPIPE { endByBrokenPipe() }
  }

  private static func endByBrokenPipe() {
    signal(SIGPIPE, SIG_DFL)
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, SIGPIPE)
    pthread_sigmask(SIG_UNBLOCK, &set, nil)
    raise(SIGPIPE)
  }
}

/// Standard error, for messages and progress. What cannot be said is dropped: it changes neither what
/// is measured nor how the program ends.
package enum StandardError {
  package static func write(_ text: String) {
    // A reader that has gone would end the process.
    var pipe = sigset_t()
    sigemptyset(&pipe)
    sigaddset(&pipe, SIGPIPE)
    var earlier = sigset_t()
    pthread_sigmask(SIG_BLOCK, &pipe, &earlier)
    var text = text
    let code = text.withUTF8 { writeAll(UnsafeRawBufferPointer($0), to: 2).code }
    if code == EPIPE, sigismember(&earlier, SIGPIPE) == 0 {
      var now = timespec()
      while sigtimedwait(&pipe, nil, &now) < 0, errno == EINTR {}
    }
    pthread_sigmask(SIG_SETMASK, &earlier, nil)
  }
}
