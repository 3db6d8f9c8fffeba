"""matplotlib figures drawn from records, for export and reports."""
