"""One module per noun: thin handlers, each with the operation it declares."""
