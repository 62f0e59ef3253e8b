"""What is shown of the figures: on a page, beside another period or place, as a chart, on paper."""
