"""Strangers' files. Pictures are parsed in a process of their own, which may use little memory and time and touch no file.

`guard.read_pictures` is what callers use for pictures; `reader` is that process; `folder` is what the server itself offers.
`tables.interpret` reads tables, with `dialects` and `numerals` beneath it.
"""
