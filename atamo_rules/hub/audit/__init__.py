"""The audit that can be proved: what a record is in bytes, the tree over records, and who vouches for it elsewhere."""
