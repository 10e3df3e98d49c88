"""Strangers' picture files: parsed in a process of their own, which may use little memory and time and touch no file.

`guard.read_pictures` is what callers use; `reader` is that process; `folder` is what the server itself offers.
"""
