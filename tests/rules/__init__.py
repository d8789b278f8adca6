"""The rule files and their worked examples."""
