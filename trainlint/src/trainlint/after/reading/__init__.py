"""From a file or a text to series: lines, templates, tables, documents and event files."""
