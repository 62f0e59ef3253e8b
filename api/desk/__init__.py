"""The Divert team at work: the worklist, referrals, pre-checks, referral files."""
