"""Looking after what is kept: every invariant proved, a case built again from its entries, lawful disposal."""
