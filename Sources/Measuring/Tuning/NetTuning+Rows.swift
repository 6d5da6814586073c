import Networks
import Results

extension NetTuning {
  /// Puts what was found into the result, as rows of `plan.csv` too.
  func finish(_ best: Net) {
    result.stages = stages.compactMap { stage in
      best.choices.layers[stage].map { (stage, $0) }
    }
    for node in graph.nodes.indices {
      let layer = graph.nodes[node].layer.name
      var layerPlace = place
      layerPlace.node = node
      let key = tuner.key(layerPlace, backend: tuner.planned.name, isa: result.isa)
      let chosen = best.choices.layers[layer]?.description
      for (text, time) in (tried[layer] ?? [:]).sorted(by: { $0.value < $1.value })
      where text != chosen {
        result.rows.append(
          PlanRow(key: key, tile: text, nanoseconds: Int(time), isChosen: false))
      }
      if let chosen {
        result.rows.append(
          PlanRow(
            key: key, tile: chosen, nanoseconds: Int(result.nanoseconds), isChosen: true))
      }
      for single in singles {
        let key = tuner.key(layerPlace, backend: single.backend.name, isa: single.isa)
        result.rows += single.candidates.filter { $0.layer == layer }.map {
          PlanRow(
            key: key, tile: $0.tile, nanoseconds: $0.nanoseconds, isChosen: $0.isChosen)
        }
      }
    }
  }
}
