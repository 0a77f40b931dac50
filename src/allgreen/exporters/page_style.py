"""Style: how the page looks, in light and dark, on paper and with forced colours.

It is the only style of the page, which has no attribute of style: so a policy can name its hash.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import Final

STYLE: Final = """
:root{color-scheme:light dark;--bg:#F0EEE9;--card:#FAF9F6;--in:#E7E5DF;--line:#DDDBD4;--t1:#141B18;--t2:#404742;--t3:#585F59;--slab:#161A18;--st1:#F0EEE9;--st2:#C3C3BD;--st3:#9D9F99;--sline:#292F2C;--upt:#066042;--pat:#944006;--dnt:#A9111B}
@media screen and (prefers-color-scheme:dark){:root{--bg:#0E1210;--card:#161A18;--in:#090C0A;--line:#292F2C;--t1:#F0EEE9;--t2:#C3C3BD;--t3:#9D9F99;--upt:#7ADFB3;--pat:#FFB373;--dnt:#FF9B93}}
*{box-sizing:border-box;margin:0}
body{background:var(--bg);color:var(--t1);font:14px/20px "Instrument Sans",ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;-webkit-font-smoothing:antialiased;overflow-wrap:anywhere;padding:clamp(16px,4vw,40px) clamp(14px,4vw,32px)}
main{max-width:840px;margin:auto}
code,pre{font-family:"Geist Mono",ui-monospace,"SF Mono",Menlo,Consolas,monospace;font-size:12.5px}
a{color:inherit}
:focus-visible{outline:2px solid var(--t1);outline-offset:2px;border-radius:4px}
.h{position:absolute}
.slab{background:var(--slab);color:var(--st1);border-radius:24px;padding:clamp(22px,4vw,36px);--up:#5ED0A1;--upe:#3BA97D;--pa:#F98F30;--pae:#D36C1B;--dn:#E44045;--dne:#CD3436;--no:#6B706C}
.slab :focus-visible{outline-color:var(--st1)}
.top{display:flex;align-items:center;gap:10px;font-weight:600;font-size:15px;letter-spacing:-.01em}
.top svg{flex:none;width:26px;height:20px}.top span{margin-left:auto;font-weight:500;font-size:12px;line-height:16px;color:var(--st2);border:1px solid #424A46;border-radius:99px;padding:3px 10px}
h1{font-size:clamp(34px,7vw,60px);line-height:1;letter-spacing:-.045em;font-weight:500;margin:30px 0 26px;text-wrap:balance}
h1:last-child{margin-bottom:0}
.pipes{display:flex;flex-wrap:wrap;gap:8px 0;margin-left:-6px}
.pipes a{width:24px;height:52px;padding:0 6px;background-clip:content-box!important;background-origin:content-box!important;border-radius:99px;--c:var(--up);--e:var(--upe);background:linear-gradient(var(--e),var(--e)) 0/32% 100% no-repeat,var(--c)}
.pipes .x{--c:var(--dn);--e:var(--dne);mask:linear-gradient(#000 calc(25% - 2px),#0000 0 calc(25% + 2px),#000 0 calc(50% - 2px),#0000 0 calc(50% + 2px),#000 0 calc(75% - 2px),#0000 0 calc(75% + 2px),#000 0)}
.pipes .p{--c:var(--pa);--e:var(--pae);mask:linear-gradient(#000 calc(33.3% - 2px),#0000 0 calc(33.3% + 2px),#000 0 calc(66.6% - 2px),#0000 0 calc(66.6% + 2px),#000 0)}
.pipes .n{background:linear-gradient(#0000 calc(50% - 2px),var(--no) 0 calc(50% + 2px),#0000 0);border-radius:0}
.pipes a:focus-visible{mask:none}
.pipes span{align-self:center;margin-left:8px;color:var(--st3);font-size:13px}
.meta{display:flex;flex-wrap:wrap;gap:4px 22px;color:var(--st3);font-size:13px;border-top:1px solid var(--sline);margin-top:26px;padding-top:16px}.meta b{color:var(--st1);font-weight:500}
h2{font-size:13px;font-weight:500;margin:26px 4px 8px;color:var(--t2)}
.c{list-style:none;padding:0;background:var(--card);border-radius:14px;box-shadow:0 0 0 1px var(--line);--k:var(--card)}
p.c{margin-top:26px;padding:13px 16px;color:var(--t2)}
.c>li{display:grid;grid-template-columns:16px minmax(0,1fr) auto;gap:2px 12px;padding:13px 16px;border-top:1px solid var(--line);align-items:center;scroll-margin:16px}.c>li:first-child{border:0}
.c>li:target{box-shadow:inset 0 0 0 2px var(--t1);border-radius:12px}
b.n{font-weight:600;letter-spacing:-.01em}
.t{color:var(--t3);font-size:13px;font-variant-numeric:tabular-nums;white-space:nowrap}
.d{grid-column:2/-1;color:var(--t2);font-size:13px;white-space:pre-line}.d i{font-style:normal;color:var(--t3)}
.x .msg{color:var(--dnt)}.p .msg{color:var(--pat)}
.g{width:16px;height:16px;color:var(--upt)}.x>.g{color:var(--dnt)}.p>.g{color:var(--pat)}.n>.g{color:var(--t3)}
.k{fill:none;stroke:var(--k);stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}
details{grid-column:2/-1;margin-top:6px}summary{cursor:pointer;font-size:13px;font-weight:500;color:var(--t2);width:max-content;padding:2px 0}
dl{display:grid;grid-template-columns:78px minmax(0,1fr);gap:3px 12px;margin:8px 0 2px;font-size:13px}dl.w{grid-template-columns:fit-content(45%) minmax(0,1fr)}dt{color:var(--t3)}
pre{background:var(--in);border-radius:10px;padding:12px 14px;margin-top:8px;overflow:auto;max-height:400px;line-height:19px;color:var(--t2)}
footer{display:flex;flex-wrap:wrap;gap:6px 20px;color:var(--t3);font-size:13px;margin:26px 4px 0}footer span{margin-left:auto}
@media print{body{background:#fff;padding:1px}.slab{background:#fff;color:#000;border:1px solid #000;--st1:#000;--st2:#000;--st3:#404742;--sline:#DDDBD4}.top g{fill:#000}.pipes a,.g,pre{print-color-adjust:exact;-webkit-print-color-adjust:exact}li{break-inside:avoid}h2{break-after:avoid}pre{white-space:pre-wrap;max-height:none}footer a{display:none}details::details-content{content-visibility:visible;block-size:auto}}
@media (forced-colors:active){.pipes a{forced-color-adjust:none}.slab,.c,pre{border:1px solid}.c{--k:Canvas}.c .g{color:CanvasText}}
"""

STYLE_SHA256: Final = b64encode(sha256(STYLE.encode()).digest()).decode()
"""The hash of the style, for ``style-src 'sha256-…'`` in a Content-Security-Policy."""

CONTENT_SECURITY_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{STYLE_SHA256}'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)
"""Everything that the page needs, and nothing else."""
