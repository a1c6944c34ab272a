"""The rich editor: its model, its Markdown, its bundle."""
