"""The style sheet of the page: light and dark, from 360 pixels wide; colour never is the only sign (pure)."""

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #ffffff; --ink: #1f2328; --soft: #57606a; --line: #d0d7de; --panel: #f6f8fa; --link: #0b57d0;
  --pass: #116329; --pass-back: #dafbe1; --warn: #7a4b00; --warn-back: #fff3c4;
  --fail: #a40e26; --fail-back: #ffe1e0; --unknown: #6b2fa0; --unknown-back: #f1e6fb;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #0f1419; --ink: #e6edf3; --soft: #9ba7b4; --line: #323c47; --panel: #171e26; --link: #8ab4f8;
    --pass: #7ee2a0; --pass-back: #10301d; --warn: #f2cc60; --warn-back: #3a2d05;
    --fail: #ffaba8; --fail-back: #4c1216; --unknown: #d9b8ff; --unknown-back: #32194d;
  }
}
* { box-sizing: border-box }
body {
  margin: 0 auto; padding: 1rem; max-width: 75rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere;
}
h1 { font-size: 1.5rem; line-height: 1.25; margin: .5rem 0 }
h2 { font-size: 1.2rem; margin: 2rem 0 .5rem }
h3 { font-size: 1rem; margin: 0 }
p { margin: .25rem 0 }
a { color: var(--link) }
code, .commands { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .85em }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px }
.soft { color: var(--soft) }
.links { display: flex; flex-wrap: wrap; gap: 0 .8rem }
.answer { font-size: 1.15rem; font-weight: 600; padding: .5rem .75rem; border-left: .4rem solid; border-radius: .25rem }
.mark {
  display: inline-block; min-width: 2.6em; padding: 0 .4em; border-radius: .25rem; font-weight: 600; text-align: center;
}
.pass { color: var(--pass); background: var(--pass-back) }
.warn { color: var(--warn); background: var(--warn-back) }
.fail { color: var(--fail); background: var(--fail-back) }
.info, .skip { color: var(--ink); background: var(--line) }
.unknown { color: var(--unknown); background: var(--unknown-back) }
.mark.fail { outline: 1px solid }
.facts { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin: .5rem 0; padding: 0; list-style: none }
.causes { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr)); gap: .8rem }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem }
article { border: 1px solid var(--line); border-radius: .4rem; padding: .6rem .8rem; min-width: 0 }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem .8rem; margin: .4rem 0 }
dt { font-weight: 600 }
dd { margin: 0; min-width: 0 }
summary { cursor: pointer }
.wide { overflow-x: auto }
.grid { border-collapse: collapse; width: 100%; font-size: .92rem }
.grid caption { text-align: left; color: var(--soft); padding-bottom: .4rem }
.grid th, .grid td { padding: .2rem .5rem; vertical-align: top; text-align: left }
.grid thead th { border-bottom: 1px solid var(--line) }
.grid tbody { border-bottom: 1px solid var(--line) }
.grid th.edge, .grid td.edge { border-left: 1px solid var(--line) }
.grid tbody th { font-weight: 600; width: 14rem }
.grid .more > td { padding-top: 0 }
.grid [id] { scroll-margin-top: 3.5rem }
.grid .more { display: none }
.grid tbody:has(details[open]) .more { display: table-row }
@supports not selector(:has(*)) { .grid .more { display: table-row } }
.verdict { white-space: nowrap }
.rows { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); gap: .8rem }
.rows h3 { font-size: 1em }
.rows, .more p { margin: .6rem 0 }
.row { background: var(--panel); border-radius: .4rem; padding: .5rem .7rem; min-width: 0 }
.sequence { display: block; width: 100%; max-width: 27rem; height: auto; font-family: system-ui, sans-serif }
.sequence text { font-size: 11px; fill: var(--ink) }
.sequence .peer { font-size: 13px; font-weight: 600 }
.sequence .step { font-size: 10px; fill: var(--soft) }
.sequence .life { stroke: var(--line); stroke-width: 2 }
.sequence .arrow { stroke: var(--soft); stroke-width: 1.2 }
.sequence .head { fill: var(--soft) }
.sequence .arrow.mtls { stroke: var(--link); stroke-width: 2 }
.sequence .head.mtls { fill: var(--link) }
.sequence .unread { stroke-dasharray: 5 3 }
.sequence .arrow.fatal { stroke: var(--fail); stroke-width: 2.5 }
.sequence .head.fatal, .sequence text.fatal { fill: var(--fail); font-weight: 700 }
.commands { margin: .3rem 0; padding-left: 1.2rem }
@media (max-width: 40rem) {
  body { padding: .5rem }
  .grid { font-size: .75rem; table-layout: fixed }
  .grid th, .grid td { padding: .15rem .2rem }
  .grid tbody th { width: auto }
  .grid col.case { width: 24% }
  .verdict { white-space: normal; display: block }
  .mark { padding: 0 .25em }
  dl { grid-template-columns: 1fr }
  dd { margin-left: 1rem }
}
"""
