"""An instructor's own course in a folder: chosen lessons, dates, a late policy, own questions, and updates that lose nothing."""
