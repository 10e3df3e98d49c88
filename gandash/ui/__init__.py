"""The page, its controls, and the socket that feeds the live view. The page never trains."""
