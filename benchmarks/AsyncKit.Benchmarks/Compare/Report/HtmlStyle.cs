namespace AsyncKit.Benchmarks;

/// <summary>The style sheet of report.html.</summary>
internal static class HtmlStyle
{
    public const string Css = """
        :root {
          color-scheme: light dark;
          --page: #f6f7f9; --card: #ffffff; --line: #dfe3e8; --text: #1c2430; --soft: #5b6675;
          --track: #eceff3; --bar: #98a4b3; --faint: #cfd6de; --kit: #0f7b6c; --kit-faint: #9fd3ca; --bad: #b3261e;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --page: #12161c; --card: #1a2028; --line: #2d3641; --text: #e6eaf0; --soft: #9aa6b5;
            --track: #262e38; --bar: #68778a; --faint: #465260; --kit: #3cc2ac; --kit-faint: #23675c; --bad: #ff8a80;
          }
        }
        * { box-sizing: border-box; }
        body {
          margin: 0 auto; padding: 24px 12px 48px; max-width: 1180px; background: var(--page); color: var(--text);
          font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
        }
        h1 { font-size: 1.35rem; line-height: 1.25; margin: 0 0 4px; }
        h2 { font-size: 1.3rem; line-height: 1.3; margin: 4px 0 8px; text-wrap: balance; }
        h3 { font-size: 1rem; margin: 0 0 8px; }
        p { margin: 0 0 12px; }
        header p, .soft, figcaption { color: var(--soft); font-size: .9rem; }
        section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 16px 12px;
          margin-top: 20px; }
        .name { color: var(--soft); font-size: .85rem; margin: 0; }
        .tiles { display: grid; gap: 4px 32px; margin: 12px 0 20px; }
        .tiles p { margin: 0; color: var(--soft); font-size: .9rem; }
        .tiles b { display: block; color: var(--kit); font-size: 2.6rem; line-height: 1.15; letter-spacing: -.02em;
          font-variant-numeric: tabular-nums; }
        .charts { display: grid; gap: 24px 32px; }
        figure { margin: 0; min-width: 0; }
        figcaption { margin-bottom: 8px; }
        figcaption b { display: block; color: var(--text); font-size: 1rem; }
        svg { display: block; overflow: hidden; }
        svg text { fill: var(--text); font-size: 13px; }
        svg .value { text-anchor: end; font-variant-numeric: tabular-nums; }
        .track { fill: var(--track); } .bar { fill: var(--bar); } .faint { fill: var(--faint); }
        .kit .bar { fill: var(--kit); } .kit .faint { fill: var(--kit-faint); } .kit text { font-weight: 650; }
        .bad text { fill: var(--bad); }
        .scroll { overflow-x: auto; margin-top: 20px; }
        table { border-collapse: collapse; font-size: .8rem; font-variant-numeric: tabular-nums; min-width: 100%; }
        th, td { padding: 6px; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
        th:first-child, td:first-child { text-align: left; padding-left: 0; position: sticky; left: 0;
          background: var(--card); }
        th { color: var(--soft); font-weight: 600; }
        tr.kit td { font-weight: 650; } tr.kit td:first-child { color: var(--kit); } tr.bad td { color: var(--bad); }
        dl { margin: 0; display: grid; gap: 2px 20px; font-size: .92rem; }
        dt { font-weight: 600; } dd { margin: 0 0 8px; color: var(--soft); }
        code, pre { font-family: ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace; font-size: .85rem; }
        pre { margin: 0; padding: 12px; background: var(--page); border-radius: 6px; white-space: pre-wrap;
          overflow-wrap: anywhere; }
        .warning { border-left: 4px solid var(--bad); overflow-wrap: anywhere; }
        @media (min-width: 760px) {
          body { padding: 40px 24px 64px; }
          section { padding: 24px 28px; }
          h1 { font-size: 1.6rem; } h2 { font-size: 1.6rem; }
          .tiles { grid-template-columns: 1fr 1fr; } .charts { grid-template-columns: 1fr 1fr; }
          dl { grid-template-columns: max-content 1fr; } dd { margin-bottom: 4px; }
        }
        """;
}
