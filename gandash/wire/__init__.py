"""What crosses the process border: messages, frames, and changes of a config told as (path, value)."""
