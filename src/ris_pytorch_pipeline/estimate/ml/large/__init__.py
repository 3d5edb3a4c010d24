"""Scans of large regular panels, whose steering vectors are never formed one by one."""
