"""The personal guide (办事指南): questions about the situation, the rules that follow from them, the print."""
