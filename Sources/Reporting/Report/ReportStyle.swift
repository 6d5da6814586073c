/// The style sheet of ``HTMLReport``: light and dark, narrow and wide, and on paper.
enum ReportStyle {
  static let text = """
    :root { color-scheme: light dark; --back: #fff; --text: #1c1e21; --soft: #5b6168; \
    --line: #d5d9de; --tint: #f3f5f7; --mark: #0b5d3b; --warn: #7a4b00; --warn-back: #fff6e0; }
    @media (prefers-color-scheme: dark) {
      :root { --back: #16181b; --text: #e4e7ea; --soft: #a2a9b1; --line: #3a3f45; \
    --tint: #1f2327; --mark: #7fd6a8; --warn: #f1c77a; --warn-back: #2b2415; }
    }
    * { box-sizing: border-box; }
    html { -webkit-text-size-adjust: 100%; }
    body { margin: 0 auto; padding: 1rem; max-width: 90rem; background: var(--back); \
    color: var(--text); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
    h1 { font-size: 1.5rem; margin: 0; line-height: 1.2; }
    h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; border-bottom: 1px solid var(--line); }
    h3 { font-size: 1rem; margin: 1.2rem 0 .4rem; }
    .id { font-family: ui-monospace, monospace; font-weight: 500; }
    .when, .hint { color: var(--soft); font-size: .875rem; margin: .3rem 0; }
    .lead { font-size: 1.05rem; margin: .6rem 0; max-width: 60rem; }
    .warnings { background: var(--warn-back); border-left: .25rem solid var(--warn); \
    padding: .5rem 1rem; margin: 1rem 0; }
    .warnings h2 { font-size: 1rem; margin: 0; border: 0; color: var(--warn); }
    .warnings ul { margin: .3rem 0; padding-left: 1.2rem; }
    nav { margin: 1rem 0; }
    nav a { margin-right: .8rem; }
    nav details { display: inline; }
    a { color: inherit; }
    .scroll { overflow-x: auto; overflow-wrap: normal; }
    table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
    th, td { padding: .2rem .6rem; text-align: left; vertical-align: top; \
    border-bottom: 1px solid var(--line); white-space: nowrap; }
    td.long { white-space: normal; min-width: 24rem; }
    thead th { background: var(--tint); }
    .n { text-align: right; }
    th button { all: unset; cursor: pointer; font-weight: 600; }
    th button:focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
    th small { font-weight: 400; color: var(--soft); }
    th[aria-sort="ascending"] button::after { content: " ▲"; }
    th[aria-sort="descending"] button::after { content: " ▼"; }
    tbody th { font-weight: 500; }
    .sticky tr > :first-child { position: sticky; left: 0; background: var(--back); }
    .sticky thead tr > :first-child { background: var(--tint); }
    tr.net > * { border-top: 2px solid var(--line); }
    .best { color: var(--mark); font-weight: 700; }
    .note, .notes { color: var(--soft); font-size: .8rem; font-weight: 400; }
    .notes { margin: .4rem 0; padding-left: 1.6rem; }
    .card { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(26rem, 100%), 1fr)); \
    gap: 0 2rem; margin: 0; }
    .card div { display: flex; gap: .8rem; border-bottom: 1px solid var(--line); \
    padding: .15rem 0; font-size: .875rem; }
    .card dt { color: var(--soft); flex: 0 0 8.5rem; }
    .card dd { margin: 0; }
    pre { background: var(--tint); padding: .5rem .8rem; font-size: .8rem; \
    white-space: pre-wrap; overflow-wrap: anywhere; margin: .4rem 0; }
    summary { cursor: pointer; margin: .5rem 0; }
    figure { margin: 1rem 0; overflow-x: auto; }
    figure img { max-width: 100%; height: auto; background: #fff; }
    figcaption { color: var(--soft); font-size: .875rem; }
    @media (max-width: 40rem) {
      body { padding: .7rem; }
      th, td { padding: .2rem .4rem; }
      .card dt { flex-basis: 7rem; }
      figure img { max-width: none; width: 50rem; }
    }
    @media print {
      :root { --back: #fff; --text: #000; --soft: #444; --line: #999; --tint: #fff; \
    --mark: #000; --warn: #000; --warn-back: #fff; }
      @page { size: A4 landscape; margin: 12mm; }
      body { padding: 0; max-width: none; font-size: 9pt; }
      nav { display: none; }
      .scroll { overflow: visible; }
      table { font-size: 6pt; }
      .note { font-size: inherit; }
      figure img { max-width: 100%; width: auto; }
      td.long { min-width: 0; }
      th, td { padding: .4mm .8mm; white-space: normal; overflow-wrap: normal; }
      .n { white-space: nowrap; }
      thead { display: table-header-group; }
      tr, figure, .warnings { break-inside: avoid; }
      h2, h3 { break-after: avoid; }
      pre { font-size: 7pt; }
    }
    """
}
