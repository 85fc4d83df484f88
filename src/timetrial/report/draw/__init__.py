"""SVG drawn by pure functions: scales, axes, bands, marks, labels."""
