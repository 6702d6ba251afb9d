"""What operators see.

`logs` without secrets · `metrics` for Prometheus · `worries` told when they begin and when they are over
"""
