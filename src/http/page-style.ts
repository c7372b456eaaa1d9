// The one stylesheet of server-rendered pages; the policy names it by its hash.

export const style = `
:root {
  color-scheme: light dark;
  --ground: #f6f6f8; --card: #fff; --text: #1b1b22; --quiet: #60606c; --line: #d9d9e0; --field: #8b8b97;
  --accent: #4f4fc4; --accent-hover: #4242ac; --on-accent: #fff; --ring: #8f8ff0; --bad: #b3261e; --code: #f1f1f5;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #111115; --card: #1a1a20; --text: #ececf1; --quiet: #a2a2b0; --line: #33333d; --field: #75757f;
    --accent: #a5a5ff; --accent-hover: #bdbdff; --on-accent: #16161c; --ring: #6c6ce0; --bad: #ff9d94; --code: #24242c;
  }
}
*, *::before, *::after { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; min-height: 100dvh; display: grid; grid-template-columns: minmax(0, 1fr); place-items: center; padding: 1.5rem 1rem; background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; overflow-wrap: anywhere; }
main { width: 100%; max-width: 27rem; padding: clamp(1.25rem, 5vw, 2.25rem); background: var(--card); border: 1px solid var(--line); border-radius: .875rem; }
.brand { margin: 0 0 1.25rem; font-size: .8125rem; font-weight: 650; letter-spacing: .04em; color: var(--accent); }
h1 { margin: 0 0 .5rem; font-size: 1.5rem; line-height: 1.25; font-weight: 650; text-wrap: balance; }
h2 { margin: 1.75rem 0 .5rem; font-size: 1rem; font-weight: 650; }
p { margin: 0 0 1rem; }
.lead, .hint { color: var(--quiet); }
.lead strong, .hint strong { color: var(--text); }
.field { margin: 0 0 1.125rem; }
label { display: block; margin-bottom: .3125rem; font-size: .9375rem; font-weight: 550; }
input { width: 100%; min-height: 2.75rem; padding: .5rem .75rem; font: inherit; color: inherit; background: transparent; border: 1px solid var(--field); border-radius: .5rem; }
input[readonly] { background: var(--code); border-color: var(--line); }
input[aria-invalid] { border-color: var(--bad); }
.hint, .mistake { margin: .4375rem 0 0; font-size: .875rem; }
.mistake { color: var(--bad); font-weight: 550; }
.summary { margin-bottom: 1.25rem; padding: .625rem .875rem; border: 1px solid var(--bad); border-radius: .5rem; color: var(--bad); }
button, .button { display: block; width: 100%; min-height: 2.75rem; margin-top: .625rem; padding: .5625rem 1rem; font: inherit; font-weight: 600; line-height: 1.5; text-align: center;
  text-decoration: none; color: var(--on-accent); background: var(--accent); border: 1px solid transparent; border-radius: .5rem; cursor: pointer; }
button:hover, .button:hover { background: var(--accent-hover); }
button.secondary, .button.secondary { color: var(--text); background: transparent; border-color: var(--field); }
button.secondary:hover, .button.secondary:hover { background: var(--code); }
.notice { margin-bottom: 1.25rem; padding: .75rem .875rem; background: var(--code); border-left: .25rem solid var(--accent); border-radius: .5rem; }
.typed { display: block; margin: .375rem 0; font: 600 1.375rem/1.3 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; letter-spacing: .08em; }
.actions { display: grid; gap: .5rem; margin-top: 1.25rem; }
.account { display: flex; flex-wrap: wrap; justify-content: space-between; gap: .125rem .875rem; margin: 1rem 0; padding: .625rem .875rem; font-size: .9375rem; background: var(--code); border-radius: .5rem; }
.letter { white-space: pre-wrap; }
form + .account { margin-top: 1.5rem; }
.scopes { list-style: none; margin: 0 0 1.125rem; padding: 0; border: 1px solid var(--line); border-radius: .5rem; }
.scopes li { padding: .5rem .875rem; }
.scopes li + li { border-top: 1px solid var(--line); }
main > :last-child, dl > :last-child { margin-bottom: 0; }
select { width: 100%; min-height: 2.75rem; padding: .5rem .75rem; font: inherit; color: inherit; background: var(--card); border: 1px solid var(--field); border-radius: .5rem; }
ul { margin: 0 0 1rem; padding-left: 1.25rem; }
button.danger { color: var(--bad); background: transparent; border-color: var(--bad); }
button.danger:hover { background: var(--code); }
.foot { margin-top: 1.25rem; }
h1 + .summary, h1 + .notice, h1 + form { margin-top: 1rem; }
.cards { list-style: none; margin: .875rem 0 1.25rem; padding: 0; }
.cards > li { margin: 0 0 .875rem; padding: 1rem; border: 1px solid var(--line); border-radius: .625rem; }
.cards h2 { margin: 0; }
.cards h3 { margin: 0; font-size: 1rem; font-weight: 400; }
.cards p, .cards ul { margin: .375rem 0 0; }
.cards ul { list-style: disc; }
.cards form { margin-top: .875rem; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
:focus-visible { outline: 3px solid var(--ring); outline-offset: 2px; }
dl { margin: 0 0 1rem; }
dt { font-size: .875rem; color: var(--quiet); }
dd { margin: 0 0 .625rem; }
code, pre { font: .875rem/1.55 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre { margin: 0 0 1rem; padding: .75rem .875rem; background: var(--code); border-radius: .5rem; white-space: pre-wrap; }
pre span { display: inline-block; }
dd code, pre code { user-select: all; }
a { color: var(--accent); }
main.wide { max-width: 60rem; align-self: start; }
details { border-top: 1px solid var(--line); }
details:last-of-type { border-bottom: 1px solid var(--line); }
summary { display: flex; flex-wrap: wrap; gap: .125rem .875rem; padding: .5rem .25rem; cursor: pointer; list-style: none; }
summary::-webkit-details-marker { display: none; }
summary .method { flex: 0 0 4.25rem; color: var(--accent); font-weight: 650; }
summary .path { flex: 1 1 24rem; }
summary .what { flex: 1 1 14rem; color: var(--quiet); }
summary::after { content: "+"; flex: 0 0 1rem; text-align: right; color: var(--quiet); }
details[open] > summary::after { content: "\\2212"; }
.scroll { overflow-x: auto; }
table { width: 100%; margin: .25rem 0 1.25rem; border-collapse: collapse; font-size: .9375rem; overflow-wrap: normal; }
caption { padding: .25rem 0; text-align: left; font-weight: 600; }
th { text-align: left; font-size: .8125rem; font-weight: 600; color: var(--quiet); }
th, td { padding: .3125rem .75rem .3125rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
`
