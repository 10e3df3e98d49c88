"""A lesson's words as HTML, for a page that has none of Streamlit: paragraphs, lists, bold, italics, code, and formulas as
MathML, which browsers draw by themselves."""

from __future__ import annotations

import html
import re
from functools import lru_cache
from xml.etree.ElementTree import Element, fromstring

from latex2mathml.converter import convert

_PARTS = re.compile(r"\$([^$]+)\$|\*\*(.+?)\*\*|\*(.+?)\*|`([^`]+)`", re.DOTALL)
ELEMENTS = re.compile(
    "math|menclose|mfrac|mi|mn|mo|mover|mpadded|mphantom|mroot|mrow|mspace|msqrt|mstyle|msub|msubsup|msup|mtable|mtd|mtext|mtr|"
    "munder|munderover"
)
_ITEM = re.compile(r"[-*] +")


def formula(latex: str, is_display: bool = False) -> str:
    """MathML; the formula as it is written where nobody can read it.

    >>> formula(r"\\begin{gathered} a \\\\[1ex] b \\end{gathered}").count("<mtr>")
    2
    """
    # The library knows neither `gathered` nor `aligned`, and takes the distance between two lines for a part of the second
    known = re.sub(r"\\\\\[[^]]*\]", r"\\\\", latex.replace("{gathered}", "{matrix}").replace("{aligned}", "{split}"))
    try:
        found = convert(known, display="block" if is_display else "inline")
        if not all(map(_is_maths, fromstring(found).iter())):  # what stands in a \\text comes as it is written
            raise ValueError("markup")
        return found.replace("<mtable>", '<mtable displaystyle="true">')
    except Exception:  # the library has no one class for what it cannot read, IndexError among them
        return f"<code>{html.escape(latex)}</code>"


def _is_maths(node: Element) -> bool:
    name = node.tag.removeprefix("{http://www.w3.org/1998/Math/MathML}")
    return bool(ELEMENTS.fullmatch(name)) and not any(attribute.startswith(("on", "href")) for attribute in node.attrib)


@lru_cache(maxsize=200)
def block(text: str) -> str:
    """Of some paragraphs.

    >>> block("D says **1/2**, *never* <b>.")
    '<p>D says <strong>1/2</strong>, <em>never</em> &lt;b&gt;.</p>'
    """
    return "".join(_paragraph(part) for part in re.split(r"\n\s*\n", text.strip()) if part)


def _paragraph(text: str) -> str:
    lines = [line.strip() for line in text.strip().splitlines()]
    if lines and all(map(_ITEM.match, lines)):
        items = (line(_ITEM.sub("", one, count=1)) for one in lines)
        return f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"
    return f"<p>{line(text)}</p>"


def line(text: str) -> str:
    """Of words in one line.

    >>> line("at $p_g$").count("<math")
    1
    """
    found, at = [], 0
    for part in _PARTS.finditer(text):
        found.append(html.escape(text[at : part.start()]))
        maths, bold, italic, code = part.groups()
        if maths is not None:
            found.append(formula(maths))
        elif code is not None:
            found.append(f"<code>{html.escape(code)}</code>")
        else:
            found.append(f"<strong>{line(bold)}</strong>" if bold is not None else f"<em>{line(italic)}</em>")
        at = part.end()
    return "".join(found) + html.escape(text[at:])
