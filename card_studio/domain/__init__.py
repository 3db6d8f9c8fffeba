"""Plain frozen records and pure NumPy rules: recipe -> job -> run -> card -> deck -> prediction."""
