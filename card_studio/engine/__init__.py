"""PyTorch: gets tensors and specifications, yields events; knows no window, no database, no path it was not given."""
