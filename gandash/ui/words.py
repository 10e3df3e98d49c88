"""How texts are set on the page: Streamlit's part of it, in the letters that the live view uses."""

from __future__ import annotations

import re

_SUBSCRIPT = re.compile(r"\b([A-Za-z])_([A-Za-z])\b")


def maths(text: str) -> str:
    r"""Markdown in which p_g has a real subscript, in the letters around it as in the live view, and D* keeps its star.

    >>> maths("p_g moves, and D* with it")
    '$\\mathsf{p_g}$ moves, and D\\* with it'
    """
    return _SUBSCRIPT.sub(r"$\\mathsf{\1_\2}$", text.replace("*", r"\*"))
