import Networks
import Results

/// The groups of a run: networks × batches × thread counts, in each the layers alone, then the net.
enum RunPlan {
  /// The groups of a run, in order.
  static func places(_ options: RunOptions) throws -> [WorkloadPlace] {
    var places: [WorkloadPlace] = []
    let netPasses = Pass.allCases.filter { $0 != .isolated && options.passes.contains($0) }
    for (name, batch, threads) in combinations(options) {
      var one = options
      one.networks = [name]
      for graph in try one.resolvedNetworks(batch: batch) {
        func place(_ node: Int?, _ cache: CacheMode) -> WorkloadPlace {
          WorkloadPlace(
            graph: graph, network: name, problem: options.problem, node: node, batch: batch,
            threads: threads, cache: cache, netPasses: netPasses)
        }
        if options.passes.contains(.isolated) {
          places += options.caches.flatMap { cache in
            graph.nodes.indices.filter { isAsked(graph.nodes[$0], options) }.map {
              place($0, cache)
            }
          }
        }
        if !netPasses.isEmpty { places.append(place(nil, .warm)) }
      }
    }
    return places
  }

  private static func combinations(_ options: RunOptions) -> [(
    network: String, batch: Int, threads: Int
  )] {
    let names = options.problem.map { [$0.description] } ?? options.networks
    return names.flatMap { name in
      options.batches.flatMap { batch in
        options.threads.map { threads in (name, batch, threads) }
      }
    }
  }

  private static func isAsked(_ node: Graph.Node, _ options: RunOptions) -> Bool {
    options.layers?.contains(node.layer.name) ?? true
  }
}
