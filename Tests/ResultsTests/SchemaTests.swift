import Results
import Testing

struct SchemaTests {
  private static let keyNames =
    """
    schema_version,run_id,network,layer_index,layer,stage,kind,direction,backend,isa,threads,\
    batch,pass,cache,
    """

  @Test(
    "Every file begins with the key columns in the same order",
    arguments: [
      Schema.samples.headerLine, Schema.workloads.headerLine, Schema.layers.headerLine,
      Schema.roofs.headerLine, Schema.summary.headerLine, Schema.compare.headerLine,
    ])
  func keyColumns(header: String) {
    #expect(header.hasPrefix(Self.keyNames))
    #expect(header.hasSuffix("\n"))
  }

  @Test("Each field of samples.csv stands below its column")
  func samples() {
    // Of the columns of today; results/README.md lists them all, and a test checks it.
    let names =
      Self.keyNames + """
        launch,round,position,seed,block_iterations,t_start_ns,wall_ns,cpu_user_ns,cpu_system_ns,\
        faults,switches,migrations,steal_ns,clock_ghz,contaminated,steady
        """
    let fields = """
      1,20260102T030405Z-abcdef,alexnet,0,conv1,conv1,convolution,forward,simd,avx2,2,10,in-net,\
      cold-weights,1,2,3,18446744073709551615,4,5,6,7,8,9,10,11,12,3.1,1,0
      """
    #expect(Schema.samples.headerLine.hasPrefix(names))
    #expect(Schema.samples.line(SampleRows.sample).hasPrefix(fields))
  }

  @Test("The columns of summary.csv are the facts, then what is computed")
  func summary() {
    let computed = """
      ,n_launches,n_rounds,n_contaminated,min_ns,median_ns,median_clean_ns,ci95_lo_ns,ci95_hi_ns,\
      interval_reason,p95_ns,mad_ns,mde_pct,mde_reason,flops_algorithmic,flops_executed,\
      flops_reason,bytes_min,gflops_per_s,gbytes_per_s,intensity_flop_per_byte,pct_of_roof,bound,\
      roof_reason,share_of_net_pct,share_reason,reconcile_pct,reconcile_reason

      """
    let facts = String(Schema.workloads.headerLine.dropLast())
    #expect(Schema.summary.headerLine == facts + computed)
  }

  @Test("The backend's key columns are empty in layers.csv")
  func layers() {
    let line = Schema.layers.line(SampleRows.layer)
    #expect(
      line
        == "1,r,alexnet,-1,net,,network,backward_data,,,,1,,,1x3x227x227,1x1000,,1,2,3,4,5,6\n")
  }

  @Test("Most key columns are empty in roofs.csv, as are sizes that do not apply")
  func roofs() {
    let own = "level,value,unit,median,n_probes,working_set_bytes,capacity_bytes,loop\n"
    #expect(Schema.roofs.headerLine == Self.keyNames + own)
    #expect(
      SampleRows.roofs.map(Schema.roofs.line) == [
        "1,r,,,,,compute,,,avx512,2,,,,fma,118.5,GFLOP/s,117.25,3,,,\n",
        "1,r,,,,,read,,,avx2,1,,,,L2,60.5,GB/s,59.0,4,131072,524288,2 streams; no prefetch\n",
      ])
  }

  @Test("The pair has columns of its own in compare.csv, backend and isa are empty")
  func compare() throws {
    let own = """
      baseline,baseline_isa,contender,contender_isa,scope,n_pairs,ratio_median,ratio_ci_lo,\
      ratio_ci_hi,correction,alpha,mde_pct,verdict,reason

      """
    #expect(Schema.compare.headerLine == Self.keyNames + own)
    let line = """
      1,20260102T030405Z-abcdef,alexnet,0,conv1,conv1,convolution,forward,,,2,10,in-net,\
      cold-weights,im2col-openblas,haswell,simd,avx2,host,4,0.5,0.25,0.75,bonferroni over 96,\
      0.0005208333333333333,0.3333333333333333,not-comparable,"few, too few"

      """
    #expect(Schema.compare.line(SampleRows.compare) == line)
    let text = Schema.compare.text([SampleRows.compare])
    #expect(try Schema.compare.rows(in: text, file: "c") == [SampleRows.compare])
  }

  @Test("The unit of a roof is that of its kind")
  func roofUnit() {
    let text = Schema.roofs.text(SampleRows.roofs)
    #expect(throws: ResultsError.self) {
      try Schema.roofs.rows(in: text.replacing("GB/s", with: "GFLOP/s"), file: "r")
    }
    #expect(throws: ResultsError.self) {
      try Schema.roofs.rows(in: text.replacing(",L2,", with: ",L9,"), file: "r")
    }
  }

  @Test("Fields with commas, quotes, line ends or outer blanks are quoted")
  func quoting() {
    let line = Schema.workloads.line(SampleRows.workload)
    #expect(line.contains(",\"error, 1.5 × the \"\"bound\"\"\nat [0, 1]\","))
    #expect(line.hasSuffix(",\" alexbench run --layer conv1\"\n"))
  }

  @Test("Absent values are empty, never 0")
  func absent() {
    var row = SampleRows.sample
    row.block.stealNanoseconds = nil
    #expect(Schema.samples.line(row).contains(",11,,3.1,"))
  }

  @Test("Rows read back as they were written")
  func roundTrip() throws {
    let samples = Schema.samples
    #expect(
      try samples.rows(in: samples.text([SampleRows.sample, SampleRows.sample]), file: "s")
        == [SampleRows.sample, SampleRows.sample])
    let workloads = Schema.workloads
    #expect(
      try workloads.rows(in: workloads.text([SampleRows.workload]), file: "w")
        == [SampleRows.workload])
    let layers = Schema.layers
    #expect(
      try layers.rows(in: layers.text([SampleRows.layer]), file: "l") == [SampleRows.layer])
    let roofs = Schema.roofs
    #expect(try roofs.rows(in: roofs.text(SampleRows.roofs), file: "r") == SampleRows.roofs)
    let summary = Schema.summary
    let rows = [SampleRows.summary, SummaryRow(workload: SampleRows.workload)]
    #expect(try summary.rows(in: summary.text(rows), file: "y") == rows)
  }

  @Test("A file without rows reads as none")
  func noRows() throws {
    #expect(try Schema.samples.rows(in: Schema.samples.headerLine, file: "s").isEmpty)
  }
}
