"""How texts are set on the page: Streamlit's part of it, in the letters that the live view uses."""

from __future__ import annotations

import re

_SUBSCRIPT = re.compile(r"\b([A-Za-z])_([A-Za-z])\b")
_FORMULA = re.compile(r"(\$[^$\n]+\$)(?=[，。；：、！？）」』”])")


def held_together(text: str) -> str:
    """Markdown in which no line begins with the full-width mark that follows on a formula: browsers take what KaTeX makes for a
    picture, after which a line may end. A zero-width no-break space stands between them.

    >>> held_together("$p_g$，D").encode()
    b'$p_g$\\xef\\xbb\\xbf\\xef\\xbc\\x8cD'
    """
    return _FORMULA.sub("\\1\ufeff", text)


def maths(text: str) -> str:
    r"""Markdown in which p_g has a real subscript, in the letters around it as in the live view, and D* keeps its star.

    >>> maths("p_g moves, and D* with it")
    '$\\mathsf{p_g}$ moves, and D\\* with it'
    """
    return _SUBSCRIPT.sub(r"$\\mathsf{\1_\2}$", text.replace("*", r"\*"))
