"""The window: shows records, sends requests."""
