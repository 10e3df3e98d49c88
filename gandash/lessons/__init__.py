"""Lessons: a path through the subject, a file each, and what each claims about the games that it shows."""
