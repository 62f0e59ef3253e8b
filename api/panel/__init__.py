"""The scrutiny panel: frames, draws, packs, meetings, findings, the report."""
