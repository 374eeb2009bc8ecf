#pragma once

#include <string_view>

namespace quaero {

/// How a page looks, in light and in dark surroundings. Inline, so that a page
/// needs nothing else.
inline constexpr std::string_view docs_style = R"(
:root{color-scheme:light dark;--ink:#1d2430;--soft:#5a6577;--paper:#fff;
--line:#dfe3ea;--tint:#f4f6f9;--link:#0b5cad}
@media(prefers-color-scheme:dark){:root{--ink:#dfe4ec;--soft:#9aa6b8;
--paper:#14181f;--line:#2c3441;--tint:#1c222c;--link:#7db7f5}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.6 system-ui,sans-serif}
header{padding:.6rem 1.2rem;border-bottom:1px solid var(--line);
font-weight:600}
header a{color:inherit;text-decoration:none}
.page{display:flex;gap:2rem;max-width:76rem;margin:0 auto;padding:0 1.2rem}
nav{flex:0 0 14rem;padding:1.4rem 0;font-size:.92rem}
nav ul{list-style:none;margin:0;padding:0}
nav a{display:block;padding:.2rem .6rem;color:var(--soft);
text-decoration:none;border-radius:.3rem}
nav a:hover,nav a[aria-current]{background:var(--tint);color:var(--ink)}
main{flex:1;min-width:0;padding:1rem 0 4rem;max-width:50rem}
a{color:var(--link)}
h1,h2,h3{line-height:1.25;margin:1.8em 0 .6em}
h1{margin-top:.6em}
h2{border-bottom:1px solid var(--line);padding-bottom:.2em}
code,pre{font:.9em/1.5 ui-monospace,monospace;background:var(--tint);
border-radius:.3rem}
code{padding:.1em .3em}
pre{padding:.8rem 1rem;overflow-x:auto}
pre code{padding:0;background:none;font-size:1em}
table{border-collapse:collapse;display:block;overflow-x:auto}
th,td{border:1px solid var(--line);padding:.35rem .7rem;text-align:left;
vertical-align:top}
th{background:var(--tint)}
blockquote{margin:0;padding:0 1rem;border-left:3px solid var(--line);
color:var(--soft)}
img{max-width:100%}
@media(max-width:48rem){.page{display:block}nav{padding-bottom:0}}
)";

} // namespace quaero
