namespace AsyncKit.Comparison;

/// <summary>The style sheet of report.html.</summary>
internal static class HtmlStyle
{
    public const string Css = """
        :root {
          color-scheme: light dark;
          --page: #f6f7f9; --card: #ffffff; --line: #dfe3e8; --text: #1c2430; --soft: #5b6675;
          --track: #eceff3; --bar: #98a4b3; --kit: #0f7b6c; --bad: #b3261e; --warn: #8a5a00;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --page: #12161c; --card: #1a2028; --line: #2d3641; --text: #e6eaf0; --soft: #9aa6b5;
            --track: #262e38; --bar: #68778a; --kit: #3cc2ac; --bad: #ff8a80; --warn: #f2c14e;
          }
        }
        * { box-sizing: border-box; }
        body {
          margin: 0 auto; padding: 16px 12px 48px; max-width: 1200px; background: var(--page); color: var(--text);
          font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
        }
        h1 { font-size: 1.4rem; line-height: 1.25; margin: 0 0 2px; }
        h2 { font-size: 1.2rem; line-height: 1.35; margin: 2px 0 8px; text-wrap: balance; }
        h3 { font-size: 1rem; margin: 0 0 8px; }
        h4 { font-size: .9rem; margin: 14px 0 4px; }
        p { margin: 0 0 8px; }
        header p, .soft { color: var(--soft); font-size: .87rem; }
        section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px 12px;
          margin-top: 16px; overflow-wrap: anywhere; }
        .name { color: var(--soft); font-size: .85rem; margin: 0; }
        .answer { font-size: 1.02rem; font-weight: 600; }
        a { color: inherit; }
        table { border-collapse: collapse; width: 100%; font-size: .87rem; font-variant-numeric: tabular-nums; }
        th, td { padding: 5px 12px 5px 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line);
          overflow-wrap: normal; }
        thead th { color: var(--soft); font-weight: 600; }
        tbody tr:last-child > * { border-bottom: 0; }
        th[scope=row] { font-weight: 400; }
        .overview th[scope=row] { font-weight: 650; }
        .overview small { display: block; color: var(--soft); white-space: normal; }
        .number { text-align: right; white-space: nowrap; }
        tr.kit th[scope=row] { font-weight: 650; color: var(--kit); }
        tr.bad th[scope=row], .wrong { color: var(--bad); }
        .alarm { color: var(--bad); font-weight: 650; } .warn { color: var(--warn); font-weight: 650; }
        .bar { display: inline-block; position: relative; height: 12px; vertical-align: -1px; margin-right: 8px;
          background: var(--track); border-radius: 2px; width: calc(100% - 5.5em); }
        .bar i { position: absolute; left: 0; top: 0; bottom: 0; min-width: 2px; background: var(--bar);
          border-radius: 2px; }
        .bar u { position: absolute; top: 5px; height: 2px; background: var(--text); min-width: 1px; }
        tr.kit .bar i { background: var(--kit); }
        .time { white-space: nowrap; width: 34%; }
        .scroll { overflow-x: auto; } .scroll th, .scroll td { white-space: nowrap; }
        details { margin-top: 10px; font-size: .9rem; } summary { cursor: pointer; color: var(--soft); }
        dl { margin: 0; display: grid; gap: 2px 20px; font-size: .88rem; }
        dt { font-weight: 600; } dd { margin: 0 0 8px; color: var(--soft); }
        pre { font-family: ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace; font-size: .8rem;
          margin: 0; padding: 10px; background: var(--page); border-radius: 6px; overflow-x: auto; }
        .warning { border-left: 4px solid var(--bad); }
        @media (max-width: 759px) {
          .overview thead, .variants thead { display: none; }
          .overview tr, .variants tr { display: block; padding: 8px 0; border-bottom: 1px solid var(--line); }
          .overview tr:last-child, .variants tr:last-child { border-bottom: 0; }
          .overview th, .overview td, .variants th, .variants td { display: block; border: 0; padding: 0; }
          .overview .number { display: inline-block; margin-right: 14px; text-align: left; white-space: normal; }
          .variants .number { display: inline-block; margin-right: 14px; font-size: .82rem; }
          .overview small { display: inline; }
          .variants .number::before, .variants .words::before, .overview [data-label]::before {
            content: attr(data-label) " "; color: var(--soft); font-weight: 400; }
          .time { width: auto; }
        }
        @media (min-width: 760px) {
          body { padding: 24px 24px 64px; }
          section { padding: 16px 24px; }
          .overview td:nth-child(3) { width: 17%; } .overview td:nth-child(4) { width: 37%; }
          .overview td:nth-child(5) { width: 28%; }
          dl { grid-template-columns: max-content 1fr; } dd { margin-bottom: 4px; }
        }
        """;
}
