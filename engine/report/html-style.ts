/**
 * Style of the report. Light, dark and high contrast follow the reader's system; nothing is told by colour alone, and
 * everything prints. In forced colours the bars keep their frames.
 */
export const reportStyle = `
:root {
  color-scheme: light dark;
  --page: #fbfbfa; --card: #ffffff; --line: #e3e2de; --text: #1c1d1f; --soft: #63656b;
  --accent: #0b62c4; --accent-soft: #d7e6f8; --good: #17713a; --good-soft: #ddf1e3;
  --bad: #b3261e; --bad-soft: #fbe3e1; --warn: #8a5a00; --warn-soft: #fbeecb; --track: #ecebe7;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #17181b; --card: #1f2125; --line: #34373d; --text: #e8e9eb; --soft: #a2a6ae;
    --accent: #6cb2ff; --accent-soft: #1d3550; --good: #6fd193; --good-soft: #17352a;
    --bad: #ff8f86; --bad-soft: #44211f; --warn: #f0c060; --warn-soft: #3d3115; --track: #2c2f35;
  }
}
@media (prefers-contrast: more) {
  :root { --line: currentColor; --soft: var(--text); }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--text); line-height: 1.5;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
main { max-width: 1080px; margin: 0 auto; padding: 40px 24px 64px; }
h1 { font-size: 28px; line-height: 1.2; margin: 4px 0 4px; letter-spacing: -0.015em; overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 44px 0 12px; letter-spacing: -0.005em; }
p { margin: 6px 0; }
code, .code { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.kicker { color: var(--accent); font-weight: 600; font-size: 13px; letter-spacing: 0.04em; text-transform: uppercase; margin: 0; }
.soft { color: var(--soft); }
.small { font-size: 13px; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(224px, 100%), 1fr)); gap: 16px; margin-top: 28px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 18px 20px; }
.card h3 { margin: 0 0 2px; font-size: 13px; font-weight: 600; color: var(--soft); }
.figure { font-size: 23px; font-weight: 650; letter-spacing: -0.02em; line-height: 1.25; font-variant-numeric: tabular-nums; }
.figure small, .figure .after { white-space: nowrap; }
.figure small { font-size: 15px; font-weight: 450; color: var(--soft); letter-spacing: 0; }
.arrow { color: var(--soft); font-weight: 400; padding: 0 2px; }
.badge { display: inline-block; border-radius: 999px; padding: 1px 10px; font-size: 13px; font-weight: 600; white-space: nowrap; }
.good { background: var(--good-soft); color: var(--good); }
.bad { background: var(--bad-soft); color: var(--bad); }
.warn { background: var(--warn-soft); color: var(--warn); }
.plain { background: var(--track); color: var(--soft); }
.chip { display: inline-block; border-radius: 5px; padding: 0 6px; font: 12px/1.6 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; background: var(--accent-soft); color: var(--accent); white-space: nowrap; }
.chip.float { background: var(--track); color: var(--soft); }
svg.bar { display: block; width: 100%; height: 8px; border-radius: 4px; margin-top: 8px; }
svg.bar.thin { height: 4px; border-radius: 2px; margin-top: 3px; min-width: 56px; }
svg .track { fill: var(--track); } svg .fill { fill: var(--accent); } svg .ghost { fill: var(--accent); opacity: 0.25; }
svg.interval { display: block; width: 100%; height: 46px; margin-top: 6px; overflow: visible; }
svg.interval line { stroke: var(--line); stroke-width: 1; } svg.interval .zero { stroke: var(--soft); stroke-dasharray: 3 3; }
svg.interval .span { stroke: var(--accent); stroke-width: 6; stroke-linecap: round; opacity: 0.45; } svg.interval circle { fill: var(--accent); }
svg.interval text { fill: var(--soft); font-size: 11px; font-family: inherit; }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 8px 14px; border-bottom: 1px solid var(--line); vertical-align: top; }
tbody tr:last-child > * { border-bottom: 0; }
th { font-size: 12px; font-weight: 600; color: var(--soft); white-space: nowrap; }
td.number, th.number { text-align: right; white-space: nowrap; }
tbody th { font-weight: 500; font-size: 14px; color: var(--text); white-space: normal; max-width: 300px; overflow-wrap: anywhere; }
tbody th.whole { white-space: nowrap; }
tbody tr:hover > * { background: color-mix(in srgb, var(--accent) 5%, transparent); }
ul.plain-list { list-style: none; margin: 0; padding: 4px 20px; }
ul.plain-list li { padding: 7px 0; border-bottom: 1px solid var(--line); display: flex; gap: 12px; align-items: baseline; flex-wrap: wrap; }
ul.plain-list li:last-child { border-bottom: 0; }
ul.plain-list .badge { min-width: 108px; text-align: center; }
ul.plain-list.card { margin-top: 8px; }
ul.plain-list .grow { flex: 1 1 260px; }
.distributions { padding: 8px 20px; } .distributions details { padding: 5px 0; } .distributions summary { overflow-wrap: anywhere; }
.histograms { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(300px, 100%), 1fr)); gap: 8px 28px; padding: 8px 0 4px; }
figure { margin: 0; max-width: 480px; } .ends { display: flex; justify-content: space-between; gap: 12px; margin: 2px 0 0; }
svg.histogram { display: block; width: 100%; height: 90px; margin-top: 6px; border-bottom: 1px solid var(--soft); }
svg.histogram path { vector-effect: non-scaling-stroke; } svg .float { fill: var(--track); stroke: var(--soft); stroke-width: 1; }
svg .codes { fill: var(--accent); fill-opacity: 0.75; } svg .level { stroke: var(--line); stroke-width: 1; fill: none; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 18px; margin: 8px 0; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
summary { cursor: pointer; color: var(--accent); }
footer { margin-top: 48px; color: var(--soft); font-size: 13px; }
@media (forced-colors: active) {
  .card, .scroll, .badge, .chip { border: 1px solid; }
  svg.bar { border: 1px solid; } svg .track { fill: Canvas; } svg .fill { fill: Highlight; } svg .ghost { fill: GrayText; }
  svg .float { fill: none; stroke: CanvasText; } svg .codes { fill: Highlight; } svg .level { stroke: GrayText; }
  svg.interval .span, svg.interval line { stroke: CanvasText; } svg.interval circle { fill: Highlight; } svg.interval text { fill: CanvasText; }
}
@media print {
  body { background: none; } main { padding: 0; max-width: none; } .card, .scroll { break-inside: avoid; } h2 { break-after: avoid; }
}
`;
