"""What head sampling keeps is known before: it is in the trace id."""


def chosen(trace_id: str, ratio: float) -> bool:
    """Whether Python's TraceIdRatioBased keeps this trace."""
    return int(trace_id, 16) & (2**64 - 1) < round(ratio * 2**64)
