"""The use cases: all that a front end may touch, and the processes behind them."""
