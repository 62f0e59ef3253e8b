"""What every act stands on: one class for body, form and record; one set of refusals; one hash chain."""
