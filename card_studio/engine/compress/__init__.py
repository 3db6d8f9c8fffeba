"""The compression methods: which weights survive, and how."""
