"""Runs on disk, as FORMATS.md beside this file describes them: written while they are played, read without torch."""
