/// The page of ``HTMLReport`` as a Mustache template; `{{name}}` is escaped.
enum ReportTemplate {
  static let page = """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; \
    style-src 'unsafe-inline'; script-src 'unsafe-inline'">
    <meta name="color-scheme" content="light dark">
    <link rel="icon" href="data:,">
    <title>AlexBench run {{run}}</title>
    <style>
    {{{style}}}
    </style>
    </head>
    <body>
    <header>
    <h1>AlexBench run <span class="id">{{run}}</span></h1>
    <p class="when">Started {{started}}</p>
    </header>
    <main>
    <section id="summary">
    {{#summary}}
    <p class="lead">{{.}}</p>
    {{/summary}}
    {{#hasWarnings}}
    <div class="warnings">
    <h2>Read before the numbers</h2>
    <ul>
    {{#warnings}}
    <li>{{.}}</li>
    {{/warnings}}
    </ul>
    </div>
    {{/hasWarnings}}
    </section>
    <nav aria-label="Sections">
    <a href="#times">Times</a>
    {{#hasPlots}}
    <a href="#plots">Plots</a>
    {{/hasPlots}}
    <a href="#host">Host</a>
    <a href="#commands">Commands</a>
    <details><summary>Layers</summary>
    <p>
    {{#layers}}
    <a href="#{{id}}">{{title}}</a>
    {{/layers}}
    </p>
    </details>
    </nav>
    <section id="times">
    <h2>Median times</h2>
    <p class="hint">Milliseconds per call. Bold: the fastest, where the intervals allow to name one. \
    → handed to that backend. A click on a heading sorts; the pointer over a number shows the exact \
    value and its place in the run's files.</p>
    {{#tables}}
    <h3>{{title}}</h3>
    <div class="scroll"><table class="sortable sticky">
    <thead><tr><th scope="col"><button type="button">layer</button></th>\
    {{#columns}}<th scope="col" class="n"><button type="button">{{name}}\
    {{#hasUnit}} <small>{{unit}}</small>{{/hasUnit}}</button></th>{{/columns}}</tr></thead>
    <tbody>
    {{#rows}}
    <tr{{#isNet}} class="net"{{/isNet}}><th scope="row">{{layer}}</th>\
    {{#cells}}{{#isEmpty}}<td></td>{{/isEmpty}}{{^isEmpty}}\
    <td class="n{{#isBest}} best{{/isBest}}" data-value="{{value}}" data-source="{{source}}">\
    {{text}}<span class="note">{{note}}</span></td>{{/isEmpty}}{{/cells}}</tr>
    {{/rows}}
    </tbody></table></div>
    {{#hasNotes}}
    <ol class="notes">
    {{#notes}}
    <li value="{{number}}">{{text}}</li>
    {{/notes}}
    </ol>
    {{/hasNotes}}
    {{/tables}}
    </section>
    {{#hasPlots}}
    <section id="plots">
    <h2>Plots</h2>
    {{#plots}}
    <figure><img alt="{{title}}" src="{{uri}}"><figcaption>{{title}}</figcaption></figure>
    {{/plots}}
    </section>
    {{/hasPlots}}
    <section id="host">
    <h2>Host</h2>
    <dl class="card">
    {{#card}}
    <div><dt>{{name}}</dt><dd>{{value}}</dd></div>
    {{/card}}
    </dl>
    {{#hasCalibration}}
    <p>{{calibration}}</p>
    {{/hasCalibration}}
    {{#hasRoofs}}
    <h3>Roofs</h3>
    {{#roofs}}
    \(table)
    {{/roofs}}
    {{/hasRoofs}}
    </section>
    <section id="commands">
    <h2>Commands</h2>
    <p>This run:</p>
    <pre>{{runCommand}}</pre>
    <p>Checks its files and computes medians and comparisons again; compares; makes this page:</p>
    <pre>{{command}}</pre>
    <p>The command that measures one row alone stands below each layer.</p>
    </section>
    {{#layers}}
    <section class="layer" id="{{id}}">
    <h2>{{title}}</h2>
    {{#geometry}}
    <p class="hint">{{.}}</p>
    {{/geometry}}
    {{#hasRows}}
    <h3>Times</h3>
    {{#times}}
    \(table)
    {{/times}}
    {{/hasRows}}
    {{#hasPairs}}
    <h3>Against the base</h3>
    {{#pairs}}
    \(table)
    {{/pairs}}
    {{/hasPairs}}
    {{#hasPhases}}
    <h3>Phases</h3>
    {{#phases}}
    \(table)
    {{/phases}}
    {{/hasPhases}}
    {{#hasCounters}}
    <details><summary>Counters</summary>
    {{#counters}}
    \(table)
    {{/counters}}
    </details>
    {{/hasCounters}}
    {{#hasSentences}}
    <details><summary>What holds each backend up</summary>
    <ul>
    {{#sentences}}
    <li>{{.}}</li>
    {{/sentences}}
    </ul>
    </details>
    {{/hasSentences}}
    <details><summary>Commands that measure these rows alone</summary>
    <pre>{{#commands}}{{.}}
    {{/commands}}</pre>
    </details>
    </section>
    {{/layers}}
    </main>
    <script>
    {{{script}}}
    </script>
    </body>
    </html>

    """

  private static let table = """
    <div class="scroll"><table class="sortable sticky">
    <thead><tr>{{#columns}}<th scope="col"{{#isNumber}} class="n"{{/isNumber}}>\
    <button type="button">{{name}}{{#hasUnit}} <small>{{unit}}</small>{{/hasUnit}}</button></th>\
    {{/columns}}</tr></thead>
    <tbody>
    {{#rows}}
    <tr{{#isBest}} class="best"{{/isBest}}>{{#cells}}\
    <td{{#isNumber}} class="n"{{/isNumber}}{{#isLong}} class="long"{{/isLong}} data-value="{{value}}" data-source="{{source}}">\
    {{text}}</td>{{/cells}}</tr>
    {{/rows}}
    </tbody></table></div>
    """
}
