"""The torch-free side: the runs, who looks at them, their processes, and what becomes of them when a process is lost."""
