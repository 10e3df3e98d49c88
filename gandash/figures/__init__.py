"""The page's curves and stages as Plotly figures for Python and notebooks, in the page's own inks, dashes and words."""
