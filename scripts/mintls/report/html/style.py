"""How the page of a run looks: light and dark, from 360 pixels to wide; no colour carries what no word says (pure)."""

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #ffffff; --ink: #1f2328; --soft: #57606a; --line: #d0d7de; --panel: #f6f8fa; --link: #0b57d0;
  --holds: #116329; --holds-back: #dafbe1; --warns: #7a4b00; --warns-back: #fff3c4;
  --fails: #a40e26; --fails-back: #ffe1e0; --unknown: #6b2fa0; --unknown-back: #f1e6fb;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #0f1419; --ink: #e6edf3; --soft: #9ba7b4; --line: #323c47; --panel: #171e26; --link: #8ab4f8;
    --holds: #7ee2a0; --holds-back: #10301d; --warns: #f2cc60; --warns-back: #3a2d05;
    --fails: #ffaba8; --fails-back: #4c1216; --unknown: #d9b8ff; --unknown-back: #32194d;
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
code, .ladder, .commands { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .85em }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px }
.soft { color: var(--soft) }
.answer { font-size: 1.15rem; font-weight: 600; padding: .5rem .75rem; border-left: .4rem solid; border-radius: .25rem }
.mark {
  display: inline-block; min-width: 2.6em; padding: 0 .4em; border-radius: .25rem; font-weight: 600; text-align: center;
}
.holds { color: var(--holds); background: var(--holds-back) }
.warns { color: var(--warns); background: var(--warns-back) }
.fails { color: var(--fails); background: var(--fails-back) }
.told, .skipped { color: var(--ink); background: var(--line) }
.unknown { color: var(--unknown); background: var(--unknown-back) }
.fails .mark, .mark.fails { text-decoration: underline }
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
.grid th.end, .grid td.end { border-left: 1px solid var(--line) }
.grid tbody th { font-weight: 600; width: 14rem }
.grid .more > td { padding-top: 0; color: var(--soft) }
.grid .more details[open] { color: var(--ink) }
.seen { white-space: nowrap }
.rows { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); gap: .8rem }
.rows, .more p { margin: .6rem 0 }
.row { background: var(--panel); border-radius: .4rem; padding: .5rem .7rem; min-width: 0 }
.ladder { list-style: none; margin: .4rem 0; padding: 0 }
.ladder li { display: flex; flex-wrap: wrap; column-gap: .6em; border-bottom: 1px dotted var(--line) }
.ladder .server { flex-direction: row-reverse }
.ladder .size { color: var(--soft); white-space: nowrap }
.ladder .step { flex-basis: 100%; color: var(--soft); font-family: system-ui, sans-serif }
.ladder .server .step { text-align: right }
.ladder .way { color: var(--soft); white-space: nowrap }
.ladder .fatal .name { font-weight: 700; color: var(--fails) }
.commands { margin: .3rem 0; padding-left: 1.2rem }
@media (max-width: 40rem) {
  body { padding: .5rem }
  .grid { font-size: .75rem; table-layout: fixed }
  .grid th, .grid td { padding: .15rem .2rem }
  .grid tbody th { width: auto }
  .grid col.case { width: 24% }
  .seen { white-space: normal; display: block }
  .mark { padding: 0 .25em }
  dl { grid-template-columns: 1fr }
  dd { margin-left: 1rem }
}
"""
