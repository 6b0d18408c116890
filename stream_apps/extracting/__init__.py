"""Checked, then text extracted: from the bytes of an upload to sections with page, heading and offsets."""
