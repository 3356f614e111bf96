"""The style sheet of reports, on a screen and on paper.

Only light colors, whatever the reader's device prefers. Nothing is said by color alone: states have a word, and the
edges of their boxes differ in form, so that a black and white print says the same.
"""

from __future__ import annotations

_SCREEN = """
:root{color-scheme:light only}
body{font:15px/1.5 system-ui,sans-serif;color:#1f2328;background:#fff;max-width:960px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem;margin-bottom:.4rem}h2{font-size:1.15rem;margin-top:2.2rem;border-bottom:1px solid #d0d7de;
padding-bottom:.2rem}h3{font-size:1rem;margin:1.4rem 0 .4rem}
table{border-collapse:collapse;width:100%;font-size:.87rem}td,th{padding:.25rem .5rem;border-bottom:1px solid #d8dee4;
text-align:left;vertical-align:top}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}td.n,td.w{
white-space:nowrap}td{overflow-wrap:break-word}td.long,code,a{overflow-wrap:anywhere}code{font-size:.85em}
thead th{vertical-align:bottom}
td:first-child{min-width:6.5em}
table.facts{width:auto}table.facts td:first-child{white-space:nowrap;color:#57606a;padding-right:1.5rem}
figure{margin:1rem 0}figcaption{font-weight:600;margin-bottom:.2rem}svg{max-width:100%;height:auto}
svg:not([width]) text{font:12px system-ui,sans-serif}
svg .note{fill:#57606a;font-size:11px}.grid{stroke:#eaeef2}.axis{stroke:#57606a}
.limit{stroke:#404040;stroke-dasharray:7 4}.legend span{margin-right:1rem;font-size:.85rem;white-space:nowrap}
.shell{font-size:.78rem;line-height:1.45;background:#f6f8fa;padding:.4rem .8rem;margin:.3rem 0 .8rem;overflow-x:auto}
.cites{color:#57606a;margin:.2rem 0 .6rem}.note,.command,.faint{color:#57606a;font-size:.87rem}
.none{border-left:4px dotted #8c959f;padding:.2rem .8rem}
.verdict,.check{border-left:6px solid;padding:.35rem .8rem;margin:.5rem 0;background:#f6f8fa}
.verdict{padding:.6rem 1rem}.verdict p{margin:.3rem 0}.verdict ul{margin:.3rem 0;padding-left:1.2rem}
.ok{border-color:#0072B2}.warning{border-color:#E69F00;border-left-style:dashed}
.attention,.breach{border-color:#D55E00;border-left-style:double;border-left-width:8px}
.unknown,.insufficient{border-color:#8c959f;border-left-style:dotted}.check b{display:inline-block;min-width:5.5rem}
.scope{padding:.1rem 1rem;margin-top:1rem;border:1px solid #d0d7de;border-radius:6px}
details{margin:.5rem 0;padding:.4rem .8rem;border:1px solid #d0d7de;border-radius:6px}
summary{cursor:pointer;font-weight:600}
"""

# A page keeps together what is read together: a heading and what follows it, a small table, a row, a chart, a command.
_PAPER = """
@media print{
body{font-size:9.5pt;line-height:1.4;max-width:none;margin:0;padding:0;color:#000}
h1{font-size:16pt;margin-top:0}h2{font-size:12.5pt;margin-top:16pt}h3{font-size:10.5pt}
h1,h2,h3,figcaption,summary,caption,.cites,.lead{break-after:avoid;break-inside:avoid}
p{orphans:3;widows:3}.note,.command{break-before:avoid;break-inside:avoid}
tr,figure,li,.check,.verdict,.scope,.shell,.short{break-inside:avoid}
thead{display:table-header-group}tbody tr:first-child:not(:last-child){break-after:avoid}
tbody tr:last-child:not(:first-child){break-before:avoid}
table,.note,.command,.faint,.legend span{font-size:8.4pt}ul.note{break-inside:auto}
table.wide{font-size:7.2pt}td,th{padding:2.2pt 4pt}.wide td,.wide th{padding:2pt 3pt}
.facts td:first-child,.cites,.note,.command,.faint,svg .note{color:#333;fill:#333}
.shell{font-size:7.6pt;white-space:pre-wrap;overflow-wrap:anywhere;overflow:visible;border:1px solid #d0d7de;
background:none}a{color:inherit}
svg,.verdict,.check{-webkit-print-color-adjust:exact;print-color-adjust:exact}
details{border:0;padding:0}details::details-content{content-visibility:visible;display:block;height:auto}
summary{list-style:none}summary::-webkit-details-marker{display:none}.fold>summary{display:none}
}
"""

STYLE = _SCREEN + _PAPER
